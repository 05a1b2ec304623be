# Copyright (c) clipbert_mm contributors.
"""One pass over videos: decode some clips, score some texts, keep the rows."""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from mmengine.dataset import Compose
from torch import Tensor
from torch.utils.data import DataLoader

from clipbert_mm.datasets.transforms import SparseClipSampler
from clipbert_mm.models.pair_scorer import PairScorer

from .cost import seconds_left
from .store import RowLogits, ScoreStore

# Rows after which the time left is told: the first waits for the workers.
_ROWS_TIMED = 3


class KeepClips:
    """Keep some of the clips that :class:`SparseClipSampler` laid out.

    Only these are decoded then, and they are the same frames as in a run
    with all clips.

    Modified Keys:

        - frame_inds, num_clips

    Args:
        clips (Sequence[int]): Their numbers.
    """

    def __init__(self, clips: Sequence[int]) -> None:
        self.clips = list(clips)

    def __call__(self, results: dict) -> dict:
        """Drop the frames of the other clips."""
        frames = results['frame_inds'].reshape(results['num_clips'], -1)
        return dict(
            results,
            frame_inds=frames[self.clips].reshape(-1),
            num_clips=len(self.clips),
        )


def sampler_of(dataset: Any) -> tuple[int, SparseClipSampler]:
    """The transform that lays out the clips, and its place.

    Args:
        dataset (VideoTextRetrieval): With its pipeline.

    Returns:
        tuple[int, SparseClipSampler]: Place and transform.

    Raises:
        ValueError: If the pipeline has none.
    """
    transforms = dataset.pipeline.transforms
    for place, transform in enumerate(transforms):
        if isinstance(transform, SparseClipSampler):
            return place, transform
    raise ValueError(
        'PairScoringLoop needs a SparseClipSampler in the test pipeline, but '
        f'got {[type(t).__name__ for t in transforms]}.'
    )


def with_clips(dataset: Any, clips: Sequence[int]) -> Any:
    """The same data set, of which some clips are decoded.

    Args:
        dataset (VideoTextRetrieval): Left as it is.
        clips (Sequence[int]): Numbers of the clips.

    Returns:
        VideoTextRetrieval: A shallow copy with another pipeline.
    """
    place, _ = sampler_of(dataset)
    transforms = list(dataset.pipeline.transforms)
    transforms.insert(place + 1, KeepClips(clips))
    dataset = copy.copy(dataset)
    dataset.pipeline = Compose(transforms)
    return dataset


def clip_shape(dataset: Any, clip: int) -> tuple[int, ...] | None:
    """Size of a clip, from the first video that can be read.

    Args:
        dataset (VideoTextRetrieval): In test mode.
        clip (int): Number of a clip.

    Returns:
        tuple[int, ...] | None: ``(T, H, W)``, None if no video can be read.
    """
    dataset = with_clips(dataset, [clip])
    for row in range(len(dataset)):
        item = dataset[row]
        if 'load_error' not in item['data_samples']:
            return tuple(item['inputs']['imgs'].shape[2:])
    return None


def loader_of_rows(
    dataloader: DataLoader, rows: Sequence[int], clips: Sequence[int]
) -> DataLoader:
    """A loader of some videos, with some of their clips.

    Args:
        dataloader (DataLoader): Of all videos; its options are taken over.
        rows (Sequence[int]): The videos, in the order wanted.
        clips (Sequence[int]): The clips.

    Returns:
        DataLoader: Decodes these alone.
    """
    return DataLoader(
        with_clips(dataloader.dataset, clips),
        batch_size=dataloader.batch_size,
        sampler=rows,
        num_workers=dataloader.num_workers,
        collate_fn=dataloader.collate_fn,
        pin_memory=dataloader.pin_memory,
        timeout=dataloader.timeout,
        worker_init_fn=dataloader.worker_init_fn,
        multiprocessing_context=dataloader.multiprocessing_context,
        prefetch_factor=dataloader.prefetch_factor,
    )


def score_rows(
    loader: DataLoader,
    rows: Sequence[int],
    preprocess: Callable[..., dict],
    scorer: PairScorer,
    texts: Sequence[Tensor] | None,
    store: ScoreStore,
    progress: Callable[[int, float | None], None],
) -> dict[int, str]:
    """Score videos and keep each as soon as it is finished.

    Args:
        loader (DataLoader): Of :func:`loader_of_rows`.
        rows (Sequence[int]): The videos that it loads.
        preprocess (Callable): Data preprocessor of the model.
        scorer (PairScorer): Of the model.
        texts (Sequence[Tensor], optional): Places of the texts to score each
            video of the data set with; None for all texts.
        store (ScoreStore): Gets the rows.
        progress (Callable): Told after every batch how many rows it had and,
            once, the seconds that are left at the rate so far.

    Returns:
        dict[int, str]: The videos that could not be read, and why; they are
        not kept.
    """
    unreadable: dict[int, str] = {}
    left = iter(rows)
    done, start = 0, time.perf_counter()
    for batch in loader:
        data = preprocess(batch, False)
        readable = []
        for sample, row in zip(data['data_samples'], left):
            if 'load_error' in sample:
                unreadable[row] = sample.load_error
            else:
                readable.append(row)
        if readable:
            for row, logits in _row_logits(
                scorer, data['inputs'], readable, texts
            ):
                store.write(row, logits)
        size = len(data['data_samples'])
        tell = done < _ROWS_TIMED <= done + size
        done += size
        progress(
            size,
            seconds_left(done, len(rows), time.perf_counter() - start)
            if tell
            else None,
        )
    return unreadable


def _row_logits(
    scorer: PairScorer,
    inputs: dict[str, Tensor],
    rows: list[int],
    texts: Sequence[Tensor] | None,
) -> Iterator[tuple[int, RowLogits]]:
    visual = scorer.encode_clips(inputs['imgs'])
    if texts is None:
        inds = torch.arange(len(scorer.bank))
        for row, logits in zip(rows, scorer.clip_logits(visual)):
            yield row, RowLogits(inds, logits)
        return
    for row, own in zip(rows, visual.split(1)):
        yield (
            row,
            RowLogits(texts[row], scorer.clip_logits(own, texts[row])[0]),
        )
