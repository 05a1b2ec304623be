# Copyright (c) clipbert_mm contributors.
"""Contact sheets of single items of a validation or test set."""

import os.path as osp
from typing import Any, NamedTuple

import numpy as np

from clipbert_mm.datasets.decoded_texts import decode_texts, find_tokenizer
from clipbert_mm.gallery.merge import score_of_clips
from clipbert_mm.visualization.contact_sheet import Tile
from clipbert_mm.visualization.sheet_files import safe_name

from .clip_predictions import clips_of, predict_item
from .sheet_scores import SheetScores, spread

_MATCHES = 5  # texts of a video, and videos of a text
_FRAMES = 3  # of a video among others


class SheetDrawer(NamedTuple):
    """Drawer of the sheets of a test.

    Args:
        model (Any): :class:`ClipBERT` in evaluation mode.
        dataset (Any): Dataset in test mode.
        visualizer (Any): :class:`VideoTextVisualizer`.
        out_dir (str | None): Folder of the images; None for the backends of
            the visualizer.
        step (int): Step for the backends. Defaults to 0.
    """

    model: Any
    dataset: Any
    visualizer: Any
    out_dir: str | None
    step: int = 0

    def draw_item(self, index: int) -> None:
        """Draw an item that has its own texts.

        Args:
            index (int): Index in the dataset.

        Raises:
            ValueError: If its video cannot be read.
        """
        item = self.dataset[index]
        clips = clips_of(item)
        sample = predict_item(self.model, item)
        tokens = item['inputs']
        texts = decode_texts(
            find_tokenizer(self.dataset),
            tokens['input_ids'],
            tokens['attention_mask'],
        )
        sample.set_field(texts, 'texts')
        if self.model.task.answers is not None:
            sample.set_field(self.model.task.answers, 'answers')
        name = f'item_{index:06d}_{sample.video_id}'
        self.visualizer.add_datasample(
            name, clips, sample, out_path=self._path(name), step=self.step
        )

    def draw_video(self, index: int, scores: SheetScores) -> None:
        """Draw a video with the texts that match it best, and its own.

        Args:
            index (int): Index of the video.
            scores (SheetScores): Scores of the test.

        Raises:
            ValueError: If the video cannot be read.
        """
        item = self.dataset[index]
        clips = clips_of(item)
        own = item['data_samples'].own_text_inds[:_MATCHES]
        row = scores.rows[index]
        order = np.argsort(-row, kind='stable')
        shown = list(dict.fromkeys([*order[:_MATCHES].tolist(), *own]))
        bank = self.dataset.caption_bank()
        sample = predict_item(
            self.model, item, {key: bank[key][shown] for key in bank}
        )
        captions = self.dataset.captions
        sample.set_field([captions[i] for i in shown], 'texts')
        sample.set_field([int(i in own) for i in shown], 'text_labels')
        sample.set_field([rank_of(row, i) for i in shown], 'text_ranks')
        name = f'video_{index:06d}_{sample.video_id}'
        self.visualizer.add_datasample(
            name, clips, sample, out_path=self._path(name), step=self.step
        )

    def draw_text(self, index: int, scores: SheetScores) -> None:
        """Draw the videos that match a text best.

        Args:
            index (int): Index of the text.
            scores (SheetScores): Scores of the test.

        Raises:
            ValueError: If no video has a score.
        """
        table = self.dataset.table
        own = int(table.media_of_row[index])
        column = scores.of_text(index)
        order = np.argsort(-column, kind='stable')[:_MATCHES]
        tiles = [
            self._tile(int(i), float(column[i]), is_right=int(i) == own)
            for i in order
            if np.isfinite(column[i])
        ]
        caption = query = self.dataset.captions[index]
        if own not in order:
            rank = rank_of(column, own)
            query = f'{caption}  (right: {table.media[own]}, rank {rank})'
        name = f'text_{index:06d}_{caption}'
        self.visualizer.add_ranking(
            name, query, tiles, out_path=self._path(name), step=self.step
        )

    def _tile(self, index: int, score: float, is_right: bool) -> Tile:
        item = self.dataset[index]
        clips = clips_of(item)
        return Tile(
            [clips[i][0] for i in spread(len(clips), _FRAMES)],
            item['data_samples'].video_id,
            score_of_clips(score),
            is_right,
        )

    def _path(self, name: str) -> str | None:
        if self.out_dir is None:
            return None
        return osp.join(self.out_dir, f'{safe_name(name)}.png')


def rank_of(scores: np.ndarray, index: int) -> int:
    """Return the rank of an item, of equal ones the best.

    Args:
        scores (np.ndarray): Scores of all items, ``(n,)``.
        index (int): Index of the item.

    Returns:
        int: Rank, from 1.

    Example:
        >>> rank_of(np.array([0.2, 0.9, 0.2]), 2)
        2
    """
    return 1 + int((scores > scores[index]).sum())
