# Copyright (c) clipbert_mm contributors.
"""One score for each text of a video, from the logits of its clips."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from .plan import ClipSplit
from .store import VideoLogits

# Match scores (m, ) in [0, 1] of clip logits (m, c, K).
Score = Callable[[Tensor], Tensor]

_LEAST = torch.finfo(torch.float32).tiny


class MatchScorer(Protocol):
    """A model that turns clip logits into match scores."""

    def match_scores(self, clip_logits: Tensor) -> Tensor:
        """Return the scores ``(N, M)`` of clip logits ``(N, M, C, K)``."""


def model_score(model: MatchScorer) -> Score:
    """Return the function by which a model scores the clips of one video.

    Args:
        model (MatchScorer): Model with consensus and task, such as
            :class:`ClipBERT` with a :class:`RetrievalTask`.

    Returns:
        Callable: Function from float32 ``(m, c, K)`` to ``(m, )``, both on
        the CPU.
    """

    @torch.no_grad()
    def score(clip_logits: Tensor) -> Tensor:
        return model.match_scores(clip_logits[None])[0].cpu()

    return score


def join_clips(first: Tensor, rest: Tensor, clips: ClipSplit) -> Tensor:
    """Join the logits of both passes in temporal order.

    Args:
        first (Tensor): Logits of the first clips, ``(m, c, K)``.
        rest (Tensor): Logits of the other clips, ``(m, C - c, K)``.
        clips (ClipSplit): Indices of the clips of each pass.

    Returns:
        Tensor: ``(m, C, K)``.
    """
    order = torch.tensor([*clips.first, *clips.rest]).argsort()
    return torch.cat([first, rest], 1)[:, order]


def merge_passes(
    first: VideoLogits,
    rest: VideoLogits | None,
    clips: ClipSplit,
    num_texts: int,
    score: Score,
) -> Tensor:
    """Merge both passes into one consistently ordered row of scores.

    A pair all of whose clips were scored has the score of the full run, in
    [0, 1]. A pair with the first clips alone has ``-1 / score`` of them,
    which is below -1: it ranks after every finished pair of its video and of
    its text, in the order of its own score, and stays precise where scores
    are tiny. A pair that was not scored has minus infinity.

    Args:
        first (VideoLogits): Logits of the first clips of a video.
        rest (VideoLogits | None): Logits of its other clips with some of the
            texts; None if the first clips are all.
        clips (ClipSplit): Indices of the clips of each pass.
        num_texts (int): M.
        score (Score): Result of :func:`model_score`.

    Returns:
        Tensor: float32 ``(M, )``.
    """
    scores = torch.full((num_texts,), -torch.inf)
    if not len(first.text_inds):
        return scores
    if rest is None:
        scores[first.text_inds] = score(first.clip_logits)
        return scores
    scores[first.text_inds] = -1 / score(first.clip_logits).clamp(min=_LEAST)
    if len(rest.text_inds):
        places = torch.searchsorted(first.text_inds, rest.text_inds)
        scores[rest.text_inds] = score(
            join_clips(first.clip_logits[places], rest.clip_logits, clips)
        )
    return scores


def score_of_clips(merged: float) -> float:
    """Return the score of a pair, of as many clips as were scored.

    Args:
        merged (float): Score of :func:`merge_passes`.

    Returns:
        float: Score in [0, 1].

    Example:
        >>> score_of_clips(0.8), score_of_clips(-4.0)
        (0.8, 0.25)
    """
    return merged if merged >= 0 else -1 / merged
