# Copyright (c) clipbert_mm contributors.
"""Plan of a cascade: which pairs are scored with all their clips."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from clipbert_mm.utils.checks import check_integer


@dataclasses.dataclass(frozen=True)
class Cascade:
    """Settings of an approximate run that saves passes.

    With ``first_clips`` all pairs are scored with these few clips, evenly
    spread, and the other clips are scored for the best pairs alone. With
    ``candidates`` only the listed pairs are scored.

    Args:
        first_clips (int | None): Number of clips that every pair is scored
            with. Defaults to None, all clips, for ``candidates`` alone.
        videos_per_text (int): Number of best videos of each text whose other
            clips are scored. Below 10, R@10 suffers. Defaults to 20.
        texts_per_video (int): Number of best texts of each video whose other
            clips are scored; 0 where only videos are searched. Defaults to
            20.
        candidates (str | None): Path of a file of pairs; see
            :func:`read_candidates`. Defaults to None, all pairs.

    Raises:
        ValueError: If an argument is out of range, or nothing is saved.

    Example:
        >>> Cascade(first_clips=2).videos_per_text
        20
    """

    first_clips: int | None = None
    videos_per_text: int = 20
    texts_per_video: int = 20
    candidates: str | None = None

    def __post_init__(self) -> None:
        if self.first_clips is None and self.candidates is None:
            raise ValueError(
                'A cascade needs first_clips, candidates or both '
                'to save anything, but got neither. For exact '
                'scores set cascade=None.'
            )
        if self.first_clips is not None:
            check_integer('first_clips', self.first_clips, 1)
        check_integer('videos_per_text', self.videos_per_text, 1)
        check_integer('texts_per_video', self.texts_per_video, 0)


class ClipSplit(NamedTuple):
    """Indices of the clips that are scored first, and of the others."""

    first: list[int]
    rest: list[int]

    @property
    def num_clips(self) -> int:
        """Number of clips of a video, C."""
        return len(self.first) + len(self.rest)


def split_clips(num_clips: int, first_clips: int | None) -> ClipSplit:
    """Spread the first clips evenly among all.

    The clips are cut into ``first_clips`` equal stretches, and the middle of
    each is scored first.

    Args:
        num_clips (int): C.
        first_clips (int | None): Number of clips to score first; None for all.

    Returns:
        ClipSplit: Indices of the clips, ascending.

    Raises:
        ValueError: If no other clips are left.

    Example:
        >>> split_clips(16, 2).first
        [4, 12]
    """
    if first_clips is None:
        return ClipSplit(list(range(num_clips)), [])
    if first_clips >= num_clips:
        raise ValueError(
            f'first_clips must be below the number of clips, {num_clips}, but '
            f'got {first_clips}. Lower it, or set more num_clips in the '
            'SparseClipSampler of the test pipeline.'
        )
    first = [
        (2 * i + 1) * num_clips // (2 * first_clips)
        for i in range(first_clips)
    ]
    return ClipSplit(first, [i for i in range(num_clips) if i not in first])


def select_pairs(
    scores: Tensor, videos_per_text: int, texts_per_video: int
) -> Tensor:
    """Select the best videos of each text and the best texts of each video.

    Of equal scores the pair with the lower index counts as better.

    Args:
        scores (Tensor): ``(N, M)``; minus infinity where a pair is not a
            candidate.
        videos_per_text (int): Number of videos of each text.
        texts_per_video (int): Number of texts of each video.

    Returns:
        Tensor: Boolean ``(N, M)``, True at the selected pairs.

    Example:
        >>> select_pairs(torch.tensor([[.9, .8], [.1, .2]]), 1, 1)
        tensor([[ True,  True],
                [False,  True]])
    """
    chosen = torch.zeros(scores.shape, dtype=torch.bool)
    for dim, number in ((0, videos_per_text), (1, texts_per_video)):
        best = scores.sort(dim=dim, descending=True, stable=True).indices
        chosen.scatter_(
            dim, best.narrow(dim, 0, min(number, best.shape[dim])), True
        )
    return chosen & (scores > -torch.inf)


def count_pairs(
    text_inds: Sequence[Tensor] | None, num_videos: int, num_texts: int
) -> int:
    """Return how many pairs of a video and a text are scored.

    Args:
        text_inds (Sequence[Tensor] | None): Indices of the texts of each
            video; None for all texts.
        num_videos (int): N.
        num_texts (int): M.

    Returns:
        int: Number of pairs.

    Example:
        >>> count_pairs(None, 3, 5), count_pairs([torch.arange(2)], 1, 5)
        (15, 2)
    """
    if text_inds is None:
        return num_videos * num_texts
    return sum(len(own) for own in text_inds)


def max_passes(
    cascade: Cascade,
    clips: ClipSplit,
    num_pairs: int,
    num_videos: int,
    num_texts: int,
) -> int:
    """Return the maximum number of passes of a text and a clip.

    It is reached if no pair is selected twice.

    Args:
        cascade (Cascade): Settings of the run.
        clips (ClipSplit): Result of :func:`split_clips`.
        num_pairs (int): Number of candidates.
        num_videos (int): N.
        num_texts (int): M.

    Returns:
        int: Number of passes.

    Example:
        >>> cascade = Cascade(first_clips=2)
        >>> max_passes(cascade, split_clips(16, 2), 10**6, 1000, 1000)
        2560000
    """
    chosen = (
        cascade.videos_per_text * num_texts
        + cascade.texts_per_video * num_videos
    )
    return num_pairs * len(clips.first) + min(chosen, num_pairs) * len(
        clips.rest
    )
