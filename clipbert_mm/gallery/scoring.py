# Copyright (c) clipbert_mm contributors.
"""Score videos as a loader yields them, and keep each at once."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from clipbert_mm.models.pair_scorer import PairScorer

from .progress import PassProgress
from .store import ScoreStore, VideoLogits


def score_videos(
    loader: DataLoader,
    video_inds: Sequence[int],
    preprocess: Callable[..., dict],
    scorer: PairScorer,
    text_inds: Sequence[Tensor] | None,
    store: ScoreStore,
    progress: PassProgress,
) -> dict[int, str]:
    """Score videos and keep each as soon as it is finished.

    Args:
        loader (DataLoader): Result of :func:`loader_of_videos`.
        video_inds (Sequence[int]): Indices of the videos that it loads.
        preprocess (Callable[..., dict]): Data preprocessor of the model.
        scorer (PairScorer): Scorer of the model.
        text_inds (Sequence[Tensor] | None): Indices of the texts that each
            video of the dataset is scored with; None for all texts.
        store (ScoreStore): Store that keeps the logits.
        progress (PassProgress): Progress, updated after every batch.

    Returns:
        dict[int, str]: Reason by index of the videos that could not be read,
        which are not kept.
    """
    unreadable: dict[int, str] = {}
    left = iter(video_inds)
    for batch in loader:
        data = preprocess(batch, False)
        samples = data['data_samples']
        readable = []
        for sample, video_ind in zip(samples, left):
            if 'load_error' in sample:
                unreadable[video_ind] = sample.load_error
            else:
                readable.append(video_ind)
        if readable:
            frames = data['inputs']['imgs']
            for video_ind, logits in _logits(
                scorer, frames, readable, text_inds
            ):
                store.write(video_ind, logits)
        progress.update(len(samples))
    return unreadable


def _logits(
    scorer: PairScorer,
    frames: Tensor,
    video_inds: list[int],
    text_inds: Sequence[Tensor] | None,
) -> Iterator[tuple[int, VideoLogits]]:
    visual = scorer.encode_clips(frames)
    if text_inds is None:
        every = torch.arange(len(scorer.bank))
        for video_ind, logits in zip(video_inds, scorer.clip_logits(visual)):
            yield video_ind, VideoLogits(every, logits)
        return
    for video_ind, tokens in zip(video_inds, visual.split(1)):
        own = text_inds[video_ind]
        logits = scorer.clip_logits(tokens, own)[0]
        yield video_ind, VideoLogits(own, logits)
