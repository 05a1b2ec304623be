# Copyright (c) clipbert_mm contributors.
"""Rows of the tables that both measurements of the cascade print."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from clipbert_mm.evaluation.ranks import (
    summarise_ranks,
    text_to_video_ranks,
    video_to_text_ranks,
)
from clipbert_mm.gallery.merge import Score, merge_passes
from clipbert_mm.gallery.plan import select_pairs, split_clips
from clipbert_mm.gallery.store import VideoLogits

HEADER = (
    'first clips',
    'kept',
    'passes',
    'times fewer',
    'R@1 full',
    'cascade',
    'change',
    'R@5 full',
    'cascade',
    'change',
    'R@10 full',
    'cascade',
    'change',
    'v2t R@1 change',
)


class Ranks(NamedTuple):
    """Ranks of all queries in both directions."""

    texts: np.ndarray
    videos: np.ndarray


class Outcome(NamedTuple):
    """Ranks from scoring a gallery, and its number of passes."""

    ranks: Ranks
    passes: int


def score_gallery(
    logits: Tensor, score: Score, first_clips: int | None, kept: int
) -> Outcome:
    """Score a gallery from stored logits, as ``PairScoringLoop`` would.

    Args:
        logits (Tensor): Logits of all clips, ``(N, M, C, K)``; text i
            belongs to video i.
        score (Score): See :func:`~clipbert_mm.gallery.merge.model_score`.
        first_clips (int | None): Number of first clips of the cascade; None
            for exact scores.
        kept (int): Number of videos per text, and of texts per video, that
            the second pass scores.

    Returns:
        Outcome: Ranks and passes.
    """
    num_videos, num_texts, num_clips = logits.shape[:3]
    clips = split_clips(num_clips, first_clips)
    inds = torch.arange(num_texts)
    first = [VideoLogits(inds, row[:, clips.first]) for row in logits]
    passes = num_videos * num_texts * len(clips.first)
    scores = [
        merge_passes(row, None, clips, num_texts, score) for row in first
    ]
    if clips.rest:
        chosen = select_pairs(torch.stack(scores), kept, kept)
        passes += int(chosen.sum()) * len(clips.rest)
        scores = [
            merge_passes(
                begun,
                VideoLogits(own.nonzero()[:, 0], row[own][:, clips.rest]),
                clips,
                num_texts,
                score,
            )
            for begun, row, own in zip(first, logits, chosen)
        ]
    matrix = torch.stack(scores).numpy().T  # texts by videos
    own_video = np.arange(num_texts)
    return Outcome(
        Ranks(
            text_to_video_ranks(matrix, own_video),
            video_to_text_ranks(matrix, own_video),
        ),
        passes,
    )


def pool(outcomes: Iterable[Outcome]) -> Outcome:
    """Pool the queries of several galleries.

    Args:
        outcomes (Iterable[Outcome]): Outcome of each gallery.

    Returns:
        Outcome: Concatenated ranks, and the sum of the passes.
    """
    ranks, passes = zip(*outcomes)
    return Outcome(Ranks(*map(np.concatenate, zip(*ranks))), sum(passes))


def table_rows(
    galleries: Sequence[Tensor],
    score: Score,
    settings: Sequence[tuple[int, int]],
) -> Iterator[list]:
    """Yield a row for each cascade, compared with exact scores.

    Args:
        galleries (Sequence[Tensor]): Logits of each gallery.
        score (Score): See :func:`~clipbert_mm.gallery.merge.model_score`.
        settings (Sequence[tuple[int, int]]): Numbers of first clips and of
            kept pairs.

    Yields:
        list: Cells in the order of :data:`HEADER`.
    """
    full = pool(score_gallery(logits, score, None, 0) for logits in galleries)
    before = summarise_ranks(full.ranks.texts)
    for first_clips, kept in settings:
        few = pool(
            score_gallery(logits, score, first_clips, kept)
            for logits in galleries
        )
        after = summarise_ranks(few.ranks.texts)
        cells: list = [first_clips, kept, few.passes, full.passes / few.passes]
        for key in ('R1', 'R5', 'R10'):
            cells += [
                f'{before[key]:.1f}',
                f'{after[key]:.1f}',
                f'{after[key] - before[key]:+.2f}',
            ]
        back = [summarise_ranks(o.ranks.videos)['R1'] for o in (full, few)]
        yield [*cells, f'{back[1] - back[0]:+.2f}']


def verdict(rows: Sequence[Sequence], num_queries: int) -> str:
    """Describe the largest saving that keeps R@1 within half a point.

    Args:
        rows (Sequence[Sequence]): Rows from :func:`table_rows`.
        num_queries (int): Number of pooled queries.

    Returns:
        str: A line.
    """
    change = HEADER.index('change')
    good = [row for row in rows if abs(float(row[change])) <= 0.5]
    if not good:
        return (
            f'No setting keeps R@1 of {num_queries:,} queries within 0.5 '
            'points.'
        )
    best = max(good, key=lambda row: row[3])
    return (
        f'Most passes saved with R@1 of {num_queries:,} queries within '
        f'0.5 points: {best[3]:.2f} times fewer, with {best[0]} first '
        f'clips and {best[1]} kept (change {best[change]}).'
    )


def add_cascade_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--clips``, ``--first`` and ``--keep``.

    Args:
        parser (argparse.ArgumentParser): Parser to change.
    """
    parser.add_argument(
        '--clips', type=int, default=16, help='test clips of each video'
    )
    parser.add_argument(
        '--first',
        type=int,
        nargs='+',
        default=[1, 2, 4],
        help='numbers of first clips, which every pair is scored with',
    )
    parser.add_argument(
        '--keep',
        type=int,
        nargs='+',
        default=[1, 2, 5, 10],
        help='numbers of videos per text, and of texts per video, that are '
        'scored with the other clips too',
    )


def settings_of(args: argparse.Namespace) -> list[tuple[int, int]]:
    """Return all combinations of ``--first`` and ``--keep``.

    Args:
        args (argparse.Namespace): Options of :func:`add_cascade_options`.

    Returns:
        list[tuple[int, int]]: Numbers of first clips and of kept pairs.
    """
    return [(first, kept) for first in args.first for kept in args.keep]
