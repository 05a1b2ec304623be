# Copyright (c) clipbert_mm contributors.
"""What the data sets of videos or images with captions have in common."""

import os.path as osp
from collections.abc import Callable, Sequence

import numpy as np

from clipbert_mm.annotations.captions import Caption, CaptionId, read_captions
from clipbert_mm.utils.checks import check_integer

from .base_text_dataset import BaseTextDataset
from .negatives import NegativeSampler
from .tables.caption_table import CaptionTable
from .tables.media_table import select_media


class BaseCaptionDataset(BaseTextDataset):
    """Base class of the data sets with captions and negatives.

    Args:
        ann_file (str): Annotations; see :func:`read_captions`.
        pipeline (list): The transforms.
        media_keys (Sequence[str]): See :class:`BaseTextDataset`, also for the
            arguments that are not explained here.
        data_root (str): Root of ``ann_file`` and ``data_prefix``.
        data_prefix (dict): Folder of the media.
        media_suffix (str, optional): Appended to names without a suffix.
        group_size (int): Captions per training item (1 in testing).
        num_negatives (int): Negative texts per caption in training.
        num_hard_negatives (int): How many of them are hard.
        hard_negatives (str): ``'word_overlap'``, or the path of JSON lines
            ``{"sen_id": .., "negatives": [sen_id, ..]}``.
        test_mode (bool): Whether this is for validation or testing.
        max_bad_share (float): Largest share of bad media in training.
        max_refetch (int): Most samples tried in the place of a bad one.
        lazy_init (bool): Read the annotations at the first use.
        indices (int | Sequence[int], optional): Use only these media.
        serialize_data (bool): Keep the items in one buffer.

    Raises:
        ValueError: If an argument is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.
    """

    _texts_name = 'captions'
    table: CaptionTable

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        media_keys: Sequence[str],
        data_root: str,
        data_prefix: dict,
        media_suffix: str | None,
        group_size: int,
        num_negatives: int,
        num_hard_negatives: int,
        hard_negatives: str,
        test_mode: bool,
        max_bad_share: float,
        max_refetch: int,
        lazy_init: bool,
        indices: int | Sequence[int] | None,
        serialize_data: bool,
    ) -> None:
        check_integer('num_negatives', num_negatives, 0)
        check_integer('num_hard_negatives', num_hard_negatives, 0)
        if num_hard_negatives > num_negatives:
            raise ValueError(
                'num_hard_negatives counts among num_negatives, but got '
                f'{num_hard_negatives} of {num_negatives}.'
            )
        self.num_negatives = num_negatives
        self.num_hard_negatives = num_hard_negatives
        self.hard_negatives = hard_negatives
        if hard_negatives != 'word_overlap':
            self.hard_negatives = osp.join(data_root, hard_negatives)
        super().__init__(
            ann_file,
            pipeline=pipeline,
            media_keys=media_keys,
            data_root=data_root,
            data_prefix=data_prefix,
            media_suffix=media_suffix,
            group_size=group_size,
            test_mode=test_mode,
            max_bad_share=max_bad_share,
            max_refetch=max_refetch,
            lazy_init=lazy_init,
            indices=indices,
            serialize_data=serialize_data,
        )

    @property
    def captions(self) -> list[str]:
        """All captions, in file order."""
        self.full_init()
        return self.table.texts()

    @property
    def caption_ids(self) -> list[CaptionId]:
        """The ``sen_id`` of every caption, or its row where there is none."""
        self.full_init()
        return list(self.table.ids)

    def _read_captions(self) -> list[Caption]:
        return read_captions(self.ann_file)

    def _needs_negatives(self) -> bool:
        return True

    def _read_table(self) -> CaptionTable:
        table = CaptionTable(
            select_media(self._read_captions(), self._media_indices)
        )
        if self._needs_negatives():
            self.negatives = NegativeSampler(
                table,
                max(self.num_negatives, 1),
                self.num_hard_negatives,
                self.hard_negatives,
            )
        return table

    def _texts(self, group: list[int], rng: np.random.Generator) -> dict:
        rows, labels = self._draw_texts(group, rng)
        return dict(
            texts=[self.table.text(row) for row in rows],
            text_labels=np.array(labels, dtype=np.int64),
        )

    def _draw_texts(
        self, group: list[int], rng: np.random.Generator
    ) -> tuple[list[int], list[int]]:
        """Rows of an item's texts, and 1 for its own or 0 for negatives."""
        rows: list[int] = []
        labels: list[int] = []
        for row in group:
            rows += [row, *self.negatives.draw(row, rng)]
            labels += [1] + [0] * self.num_negatives
        return rows, labels
