# Copyright (c) clipbert_mm contributors.
"""Compare searches for the vectors nearest to one: all of them, and indexes.

The vectors are generated, as those of a student lie: videos around topics, and
clips around videos. Rows that come after the index are searched as well::

    python -m tools.benchmarks.nearest_clips --clips 160000
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb import index as lance

from clipbert_mm.library.searching import KEPT_VIDEOS
from clipbert_mm.library.student import VECTOR_WIDTH

from .harness import machine_line, print_table

_CLIPS = 16  # of a video
_TOPICS = 200
_QUERIES = 20
#: Indexes, and how a query uses them: parts that it searches, and how many
#: times as many candidates it compares by their whole vectors.
KINDS: dict[str, tuple[Callable[[], Any], tuple[tuple[int, int], ...]]] = {
    'IVF_PQ': (
        partial(lance.IvfPq, distance_type='cosine', num_sub_vectors=16),
        ((20, 1), (20, 4), (50, 4)),
    ),
    'IVF_FLAT': (
        partial(lance.IvfFlat, distance_type='cosine'),
        ((10, 1), (20, 1), (50, 1)),
    ),
}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description='Compare searches for the nearest vectors.'
    )
    parser.add_argument(
        '--clips', type=int, default=16_000, help='vectors of the table'
    )
    parser.add_argument(
        '--kinds',
        nargs='+',
        choices=KINDS,
        default=list(KINDS),
        help='indexes that are built',
    )
    return parser.parse_args(argv)


def draw_vectors(clips: int, seed: int) -> np.ndarray:
    """Draw the vectors of the clips of videos.

    Args:
        clips (int): Number of vectors.
        seed (int): Seed of the draws; topics are the same for all.

    Returns:
        np.ndarray: float32 ``(clips, VECTOR_WIDTH)``, of length 1.
    """
    rng = np.random.default_rng(seed)
    topics = np.random.default_rng(1).normal(size=(_TOPICS, VECTOR_WIDTH))
    videos = topics[rng.integers(0, _TOPICS, -(-clips // _CLIPS))]
    videos = videos + 0.7 * rng.normal(size=videos.shape)
    drawn = np.repeat(videos, _CLIPS, 0)[:clips]
    return _normal(drawn + 0.4 * rng.normal(size=drawn.shape))


def draw_queries(vectors: np.ndarray) -> np.ndarray:
    """Draw queries near to some of the vectors.

    Args:
        vectors (np.ndarray): Vectors of a table.

    Returns:
        np.ndarray: float32 ``(20, VECTOR_WIDTH)``, of length 1.
    """
    rng = np.random.default_rng(9)
    near = vectors[rng.integers(0, len(vectors), _QUERIES)]
    return _normal(near + 0.08 * rng.normal(size=near.shape))


def _normal(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / lengths).astype(np.float32)


def rows_of(vectors: np.ndarray, first: int = 0) -> pa.Table:
    """Return vectors as rows of a table of a student.

    Args:
        vectors (np.ndarray): The vectors, 16 of each video.
        first (int): Number of the first video. Defaults to 0.

    Returns:
        pa.Table: Rows with ``video`` and ``vector``.
    """
    flat = pa.array(vectors.ravel())
    return pa.table(
        dict(
            video=pa.array(first + np.arange(len(vectors)) // _CLIPS),
            vector=pa.FixedSizeListArray.from_arrays(flat, VECTOR_WIDTH),
        )
    )


def search(
    table: Any, queries: np.ndarray, parts: int = 0, refine: int = 1
) -> tuple[list[list[int]], float]:
    """Find the videos nearest to each query.

    Args:
        table (Any): Table of LanceDB.
        queries (np.ndarray): The queries.
        parts (int): Parts of an index that are searched. Defaults to 0: all
            vectors are compared.
        refine (int): Factor of candidates that are compared by their whole
            vectors. Defaults to 1: the index has them.

    Returns:
        tuple[list[list[int]], float]: 50 videos of each query, and CPU
        milliseconds of a query.
    """
    found: list[list[int]] = []
    start = 0.0
    for query in queries[[0, *range(len(queries))]]:  # the first warms up
        start = time.process_time() if len(found) == 1 else start
        asked = table.search(query).distance_type('cosine')
        asked = asked.nprobes(parts) if parts else asked.bypass_vector_index()
        if refine > 1:
            asked = asked.refine_factor(refine)
        asked = asked.select(['video', '_distance'])
        rows = asked.limit(KEPT_VIDEOS * _CLIPS).to_arrow()
        videos = dict.fromkeys(rows['video'].to_pylist())
        found.append(list(videos)[:KEPT_VIDEOS])
    spent = time.process_time() - start
    return found[1:], 1000 * spent / len(queries)


def compare(
    table: Any, queries: np.ndarray, kinds: Sequence[str]
) -> list[list[Any]]:
    """Search all vectors, and by indexes.

    Args:
        table (Any): Table of LanceDB; the last index stays.
        queries (np.ndarray): The queries.
        kinds (Sequence[str]): Members of :data:`KINDS`.

    Returns:
        list[list[Any]]: A row for each way: CPU seconds of building, recall
        of the 50 nearest videos in percent, CPU milliseconds of a query.
    """
    truth, spent = search(table, queries)
    rows: list[list[Any]] = [['all vectors', 0.0, 100.0, spent]]
    for kind in kinds:
        make, ways = KINDS[kind]
        start = time.process_time()
        table.create_index('vector', config=make())
        built = time.process_time() - start
        for parts, refine in ways:
            found, spent = search(table, queries, parts, refine)
            name = f'{kind}, {parts} parts'
            if refine > 1:
                name += f', {refine} x candidates'
            rows.append([name, built, recall(truth, found), spent])
    return rows


def compare_new(table: Any, queries: np.ndarray, clips: int) -> list[Any]:
    """Search by an index that lacks new rows.

    Args:
        table (Any): Table of LanceDB with an index, to which rows are added.
        queries (np.ndarray): The queries.
        clips (int): Number of new rows.

    Returns:
        list[Any]: A row as of :func:`compare`.
    """
    table.add(rows_of(draw_vectors(clips, seed=5), first=10**9))
    truth, _ = search(table, queries)
    found, spent = search(table, queries, 50)
    name = f'the last one, {clips} rows later'
    return [name, 0.0, recall(truth, found), spent]


def recall(
    truth: Sequence[Sequence[int]], found: Sequence[Sequence[int]]
) -> float:
    """Return how many of the nearest videos were found.

    Args:
        truth (Sequence[Sequence[int]]): Nearest videos of each query.
        found (Sequence[Sequence[int]]): Videos that were found.

    Returns:
        float: Percent.

    Example:
        >>> recall([[1, 2], [3, 4]], [[2, 1], [4, 5]])
        75.0
    """
    parts = [len({*a} & {*b}) / len(a) for a, b in zip(truth, found)]
    return 100 * float(np.mean(parts))


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the table.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    print(machine_line(), end='\n\n', flush=True)
    vectors = draw_vectors(args.clips, seed=0)
    queries = draw_queries(vectors)
    with tempfile.TemporaryDirectory() as folder:
        database = lancedb.connect(folder)
        table = database.create_table('vectors', rows_of(vectors))
        rows = compare(table, queries, args.kinds)
        rows.append(compare_new(table, queries, -(-args.clips // 10)))
    print_table(
        f'{args.clips} vectors of {VECTOR_WIDTH} numbers, {_QUERIES} queries',
        ['by', 'build, CPU s', 'recall of 50 videos, %', 'CPU ms'],
        rows,
    )


if __name__ == '__main__':
    main()
