# Copyright (c) clipbert_mm contributors.
"""Compare ways to find candidates: recall, seconds and passes of a query.

The videos are drawn as those of the quickstart, and encoded once by the model
of the demo; ``--index DIR`` keeps them. The queries describe combinations that
none of the queries describes from which a student is distilled::

    python -m tools.benchmarks.candidates --videos 1000
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from clipbert_mm.apis import VideoFrames
from clipbert_mm.apis.video_features import VideoFeatures
from clipbert_mm.apis.video_text_model import VideoTextModel
from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.distilling import log_odds
from clipbert_mm.library.file_facts import FileFacts
from clipbert_mm.library.packing import pack_tokens
from clipbert_mm.library.searching import (
    KEPT_VIDEOS,
    SEARCHES,
    TIERS,
    features_of,
    first_positions,
    student_candidates,
)
from clipbert_mm.library.store import ClipRow, VideoRow, holds_index
from clipbert_mm.library.student_tables import StudentTables, embed_queries
from clipbert_mm.quickstart.corpus.scene_captions import captions
from clipbert_mm.quickstart.corpus.scene_corpus import (
    draw_rate,
    draw_sized_look,
)
from clipbert_mm.quickstart.corpus.scenes import (
    Combination,
    all_combinations,
    frames,
)

from .harness import machine_line, print_table

_SEED = 7
# Videos that are written at a time.
_BLOCK = 64


class Corpus(NamedTuple):
    """Videos and queries.

    Args:
        combinations (list[Combination]): Contents of each video.
        queries (list[str]): Queries that are measured.
        wanted (list[Combination]): What they describe.
        training (list[str]): Queries of other combinations.
    """

    combinations: list[Combination]
    queries: list[str]
    wanted: list[Combination]
    training: list[str]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description='Compare ways to find candidates.'
    )
    for option, default, text in (
        ('--videos', 300, 'videos of the index'),
        ('--clips', 16, 'clips of a video'),
        ('--queries', 60, 'queries that are measured, 120 at most'),
        ('--training', 300, 'queries that the student learns from'),
    ):
        parser.add_argument(
            option,
            type=int,
            default=default,
            help=f'{text} (default: %(default)s)',
        )
    parser.add_argument(
        '--index', help='folder of the index, which is kept and used again'
    )
    parser.add_argument(
        '--tiers-only',
        action='store_true',
        help='leave out the ways to find candidates that are not offered',
    )
    return parser.parse_args(argv)


def make_corpus(videos: int, queries: int, training: int) -> Corpus:
    """Decide on the contents of videos and on queries.

    Args:
        videos (int): Number of videos, which take all combinations in turn.
        queries (int): Number of queries, one of each combination.
        training (int): Number of queries of the other combinations.

    Returns:
        Corpus: Videos and queries.
    """
    combinations = all_combinations()
    np.random.default_rng(0).shuffle(combinations)
    rng = np.random.default_rng(_SEED)
    shown = [combinations[i % len(combinations)] for i in range(videos)]
    wanted, others = combinations[:queries], combinations[queries:]
    drawn = [others[i % len(others)] for i in range(training)]
    return Corpus(
        shown,
        [captions(one, 'video', 1, rng)[0] for one in wanted],
        wanted,
        [captions(one, 'video', 1, rng)[0] for one in drawn],
    )


def fill(library: VideoLibrary, combinations: Sequence[Combination]) -> None:
    """Draw, encode and store videos that the index lacks.

    Args:
        library (VideoLibrary): The library, whose index is filled.
        combinations (Sequence[Combination]): Contents of all videos.
    """
    model, store = library._model, library.store
    videos: list[VideoRow] = []
    rows: list[ClipRow] = []
    for video in range(len(store.videos()), len(combinations)):
        rng = np.random.default_rng((_SEED, video))
        look, rate = draw_sized_look(rng), float(draw_rate(rng))
        times = np.arange(max(2, int(rng.uniform(0.8, 2.4) * rate))) / rate
        images = np.stack(
            list(frames(combinations[video], look, rng, list(times)))
        )
        clips = model.pipeline(VideoFrames(images, rate))
        grids = pack_tokens(model.tokens([clips.frames])[0], 'float16')
        vector = [0.0] * store.description.width
        rows += [
            ClipRow(video, i, *clips.times[i], grid, vector, b'')
            for i, grid in enumerate(grids)
        ]
        facts = FileFacts(f'/{video}.mp4', 0, 0)
        videos.append(VideoRow(video, facts, str(video), len(grids), 1.0, ''))
        if len(videos) == _BLOCK or video == len(combinations) - 1:
            store.add(videos, rows)
            videos, rows = [], []


def measure_tiers(
    library: VideoLibrary, corpus: Corpus
) -> tuple[list[list[Any]], np.ndarray]:
    """Search by every tier, one query at a time.

    Args:
        library (VideoLibrary): The library, which has a student.
        corpus (Corpus): Its videos, and M queries.

    Returns:
        tuple[list[list[Any]], np.ndarray]: A row for each tier: videos that
        it reranks, recall of the best, the 10 and the 50 best videos of exact
        search among them, R@1, passes and CPU seconds of a query; and the
        log-odds of all videos, ``(M, N)``.
    """
    rows = []
    logits = np.full((len(corpus.queries), len(corpus.combinations)), -np.inf)
    for tier in TIERS:
        kept, passes, seconds = [], 0, []
        for m, query in enumerate(corpus.queries):
            start = time.process_time()
            found = SEARCHES[tier](library.store, library._model, [query])
            seconds.append(time.process_time() - start)
            passes += found.passes
            kept.append([one.video for one in found.found])
            if tier == 'exact':
                scores = np.concatenate([one.scores for one in found.found])
                logits[m, kept[-1]] = log_odds(scores)
        rows.append(
            [
                tier,
                *(recall(logits, kept, best) for best in (1, 10, 50)),
                hits(logits, kept, corpus),
                round(passes / len(corpus.queries)),
                float(np.median(seconds)),
            ]
        )
    return rows, logits


def recall(
    logits: np.ndarray, kept: Sequence[Sequence[int]], best: int
) -> float:
    """Return how many of the best videos are among the candidates.

    Args:
        logits (np.ndarray): Scores of all videos, ``(M, N)``.
        kept (Sequence[Sequence[int]]): Candidates of each query.
        best (int): Number of best videos that count.

    Returns:
        float: Percent.

    Example:
        >>> recall(np.array([[3, 1, 2]]), [[0, 1]], 2)
        50.0
    """
    order = np.argsort(-logits, axis=1, kind='stable')[:, :best]
    found = [np.isin(own, videos).mean() for own, videos in zip(order, kept)]
    return float(100 * np.mean(found))


def hits(
    logits: np.ndarray, kept: Sequence[Sequence[int]], corpus: Corpus
) -> float:
    """Return how often the best candidate shows what was asked for.

    Args:
        logits (np.ndarray): Scores of all videos, ``(M, N)``.
        kept (Sequence[Sequence[int]]): Candidates of each query.
        corpus (Corpus): Videos and queries.

    Returns:
        float: R@1, percent.
    """
    best = [
        max(sorted(videos), key=lambda video: own[video])
        for own, videos in zip(logits, kept)
    ]
    found = [corpus.combinations[video] for video in best]
    return 100 * float(np.mean([a == b for a, b in zip(found, corpus.wanted)]))


def compare_orders(
    library: VideoLibrary, corpus: Corpus, logits: np.ndarray
) -> list[list[Any]]:
    """Compare ways to order all videos before the best are reranked.

    Args:
        library (VideoLibrary): The library, which has a student.
        corpus (Corpus): Its videos, and M queries.
        logits (np.ndarray): Exact scores of all videos, ``(M, N)``.

    Returns:
        list[list[Any]]: A row for each way: recall of the best video among 10
        and 50 candidates, of the 10 best among 50, R@1, passes before the
        reranking, CPU seconds of a query.
    """
    features = [
        features_of(library.store, library.store.take([video]))
        for video in range(len(corpus.combinations))
    ]
    model, queries = library._model, corpus.queries
    per_video = library.store.description.num_clips
    ways: dict[str, tuple[Callable[[], list[list[int]]], int]] = {
        f'{name}, {clips} of its clips': (
            partial(first_pass, model, features, queries, clips, pool),
            clips * len(features),
        )
        for name, pool, clips in (
            ('cross-encoder', 1, 1),
            ('cross-encoder', 1, 2),
            ('cross-encoder, grids pooled', 2, 2),
            ('cross-encoder, grids pooled', 2, 4),
        )
    }
    ways['cosines of the student'] = (
        partial(ask_student, library, queries),
        0,
    )
    for rounds in (2, 5):
        ways[f'ANNCUR, {rounds} rounds of {KEPT_VIDEOS // rounds} videos'] = (
            partial(ask_anchors, logits, rounds),
            (KEPT_VIDEOS - KEPT_VIDEOS // rounds) * per_video,
        )
    rows = []
    for name, (order, passes) in ways.items():
        start = time.process_time()
        kept = order()
        seconds = (time.process_time() - start) / len(queries)
        few = [videos[:10] for videos in kept]
        rows.append(
            [
                name,
                recall(logits, few, 1),
                recall(logits, kept, 1),
                recall(logits, kept, 10),
                hits(logits, kept, corpus),
                passes,
                seconds,
            ]
        )
    return rows


def first_pass(
    model: VideoTextModel,
    features: Sequence[VideoFeatures],
    queries: Sequence[str],
    clips: int,
    pool: int,
) -> list[list[int]]:
    """Order videos by a few clips, as the cascade does.

    Args:
        model (VideoTextModel): The cross-encoder.
        features (Sequence[VideoFeatures]): All videos.
        queries (Sequence[str]): M queries.
        clips (int): Clips of a video.
        pool (int): Cells of a grid, in each direction, that become one.

    Returns:
        list[list[int]]: The best videos of each query.
    """
    some = []
    for one in features:
        positions = first_positions(len(one.clips), clips)
        tokens = pool_cells(one.tokens[positions], pool)
        times = tuple(one.clips[i] for i in positions)
        some.append(replace(one, tokens=tokens, clips=times))
    kept = []
    for query in queries:
        scores, _ = model.scores(some, [query], together=True)
        order = np.argsort(-scores[:, 0], kind='stable')
        kept.append(order[:KEPT_VIDEOS].tolist())
    return kept


def pool_cells(tokens: Tensor, pool: int) -> Tensor:
    """Return the means of square blocks of the cells of grids.

    Args:
        tokens (Tensor): Cells of square grids, row by row, ``(C, V, D)``.
        pool (int): Cells of a block in each direction.

    Returns:
        Tensor: ``(C, V / pool ** 2, D)``.

    Example:
        >>> pool_cells(torch.arange(4.0).reshape(1, 4, 1), 2)
        tensor([[[1.5000]]])
    """
    side = int(tokens.shape[1] ** 0.5)
    grids = tokens.transpose(1, 2).unflatten(-1, (side, side))
    return F.avg_pool2d(grids, pool).flatten(2).transpose(1, 2)


@torch.inference_mode()
def ask_student(
    library: VideoLibrary, queries: Sequence[str]
) -> list[list[int]]:
    """Order videos by the student.

    Args:
        library (VideoLibrary): The library, which has a student.
        queries (Sequence[str]): M queries.

    Returns:
        list[list[int]]: The best videos of each query.
    """
    tables = StudentTables(library.store)
    student = tables.load(library._model)
    vectors = embed_queries(student, library._model, queries)
    store = library.store
    kept = student_candidates(
        store.count_videos(), store.description.num_clips
    )
    return [tables.nearest(student, one, kept) for one in vectors]


def ask_anchors(logits: np.ndarray, rounds: int) -> list[list[int]]:
    """Order videos by a few exact scores and those of other queries.

    ANNCUR (Yadav et al., EMNLP 2022): the scores of a query with some videos
    say which mixture of other queries it is, and so its scores with all. Each
    round scores the videos that seem best by then; the first are random. The
    other queries are all but the measured one.

    Args:
        logits (np.ndarray): Exact scores of all videos, ``(M, N)``.
        rounds (int): Number of rounds, which score :data:`KEPT_VIDEOS`
            videos together.

    Returns:
        list[list[int]]: Scored videos of each query, the last first.
    """
    rng = np.random.default_rng(0)
    at_once = KEPT_VIDEOS // rounds
    kept = []
    for m, own in enumerate(logits):
        others = np.delete(logits, m, 0)
        scored = rng.permutation(len(own))[:at_once].tolist()
        for _ in range(rounds - 1):
            guess = guess_scores(others, scored, own[scored])
            guess[scored] = -np.inf
            scored = [*np.argsort(-guess)[:at_once].tolist(), *scored]
        kept.append(sorted(scored, key=lambda video: -own[video]))
    return kept


def guess_scores(
    others: np.ndarray, videos: Sequence[int], scores: np.ndarray
) -> np.ndarray:
    """Return the scores of a query, as a mixture of those of others.

    Args:
        others (np.ndarray): Scores of other queries, ``(M, N)``.
        videos (Sequence[int]): Videos whose scores are known.
        scores (np.ndarray): These scores.

    Returns:
        np.ndarray: ``(N, )``.

    Example:
        >>> others = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 3.0]])
        >>> guess_scores(others, [0, 1], np.array([2.0, 1.0])).round(3)
        array([2., 1., 7.])
    """
    return scores @ np.linalg.pinv(others[:, videos], rcond=0.03) @ others


@contextlib.contextmanager
def opened_library(args: argparse.Namespace) -> Iterator[VideoLibrary]:
    """Open the index, or make one that is removed at the end.

    Args:
        args (argparse.Namespace): The options.

    Yields:
        VideoLibrary: The library.
    """
    with tempfile.TemporaryDirectory() as folder:
        name = args.index or f'{folder}/index'
        if holds_index(name):
            yield VideoLibrary(name)
        else:
            yield VideoLibrary.create(name, clips=args.clips)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the tables.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    corpus = make_corpus(args.videos, args.queries, args.training)
    print(machine_line(), end='\n\n', flush=True)
    with opened_library(args) as library:
        fill(library, corpus.combinations)
        start = time.process_time()
        report = library.distill(corpus.training)
        spent = time.process_time() - start
        print(f'{report}, {spent:.0f} s of CPU', end='\n\n', flush=True)
        size = f'{args.videos} videos of {args.clips} clips'
        rows, logits = measure_tiers(library, corpus)
        print_table(
            f'Tiers: {size}, {args.queries} queries, recall in percent',
            ['tier', 'best', '10 best', '50 best', 'R@1', 'passes', 'CPU s'],
            rows,
        )
        if args.tiers_only:
            return
        print_table(
            f'Orders: {size}; the first {KEPT_VIDEOS} are reranked',
            [
                'by',
                'best in 10',
                'best in 50',
                '10 best in 50',
                'R@1',
                'passes',
                'CPU s',
            ],
            compare_orders(library, corpus, logits),
        )


if __name__ == '__main__':
    main()
