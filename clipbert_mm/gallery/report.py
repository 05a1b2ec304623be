# Copyright (c) clipbert_mm contributors.
"""Lines that a run logs about its cost, before and after."""

from typing import Any

from clipbert_mm.datasets.video_text_retrieval import VideoTextRetrieval
from clipbert_mm.models.clipbert import ClipBERT
from clipbert_mm.models.text_bank import TextBank

from .cost import scoring_cost
from .passes import GalleryScores
from .plan import ClipSplit
from .videos import clip_shape


def describe_cost(
    model: Any, dataset: VideoTextRetrieval, bank: TextBank, clips: ClipSplit
) -> str | None:
    """Describe the passes and operations of scoring all pairs.

    Args:
        model (Any): Model of the run; operations are counted of
            :class:`ClipBERT` alone.
        dataset (VideoTextRetrieval): Dataset in test mode.
        bank (TextBank): All texts.
        clips (ClipSplit): Indices of the clips of each pass.

    Returns:
        str | None: One line; None for another model, or if no video is
        readable.
    """
    if not isinstance(model, ClipBERT):
        return None
    shape = clip_shape(dataset, clips.first[0])
    if shape is None:
        return None
    cost = scoring_cost(
        model, bank.lengths(), len(dataset), clips.num_clips, shape
    )
    return f'All pairs: {cost.describe()}.'


def describe_passes(scores: GalleryScores, exact: bool) -> str:
    """Describe how many passes the scores took, in this and earlier runs.

    Args:
        scores (GalleryScores): Finished scores.
        exact (bool): Whether the run had no cascade.

    Returns:
        str: One line.
    """
    done = scores.num_passes()
    full = scores.num_videos * scores.num_texts * scores.clips.num_clips
    kind = 'Exact' if exact else 'Approximate (cascade)'
    return (
        f'{kind}: {done:,} of {full:,} passes of a text and a clip, '
        f'{full / max(done, 1):.1f} times fewer.'
    )
