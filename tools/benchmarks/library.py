# Copyright (c) clipbert_mm contributors.
"""Measure an index: its size, what rounding changes, seconds of a query.

The videos are those of the demo; a large index holds their grids again and
again, with a little noise; its student is untrained, which costs the same.
Grids of full size are drawn, and only stored::

    python -m tools.benchmarks.library --clips 100000 --full-size 1000
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from clipbert_mm.apis import demo_rows, demo_videos
from clipbert_mm.apis.matches import is_read
from clipbert_mm.apis.video_features import VideoFeatures
from clipbert_mm.apis.video_text_model import VideoTextModel
from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.description import Description
from clipbert_mm.library.file_facts import FileFacts
from clipbert_mm.library.packing import PRECISIONS, pack_tokens, unpack_tokens
from clipbert_mm.library.searching import SEARCHES, Passes, features_of
from clipbert_mm.library.store import ClipRow, IndexStore, VideoRow
from clipbert_mm.library.student_tables import StudentTables, make_student

from .harness import alternate, machine_line, medians, print_table

CLIPS = 16
CELLS, WIDTH = 49, 768  # of clipbert_msrvtt_ret at 448 pixels
_BLOCK = 128


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(description='Measure an index of videos.')
    parser.add_argument(
        '--clips',
        type=int,
        default=16_000,
        help='clips of the large index (default: %(default)s)',
    )
    parser.add_argument(
        '--full-size',
        type=int,
        default=100,
        metavar='VIDEOS',
        help='videos of 16 clips with grids of full size, which are stored '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--runs', type=int, default=3, help='timed runs (default: %(default)s)'
    )
    return parser.parse_args(argv)


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(f.stat().st_size for f in folder.rglob('*') if f.is_file())


def fill(
    store: IndexStore, grids: Sequence[torch.Tensor], number: int
) -> None:
    """Store videos whose grids are given ones, with a little noise.

    Args:
        store (IndexStore): Index without videos.
        grids (Sequence[torch.Tensor]): Tokens ``(C, V, D)`` of some videos.
        number (int): Number of videos.
    """
    generator = torch.Generator().manual_seed(0)
    vector = [0.0] * store.description.width
    for start in range(0, number, _BLOCK):
        videos, clips = [], []
        for video in range(start, min(start + _BLOCK, number)):
            grid = grids[video % len(grids)]
            noise = torch.randn(grid.shape, generator=generator)
            packed = pack_tokens(
                grid + 0.01 * noise, store.description.precision
            )
            facts = FileFacts(f'/{video}.mp4', 0, 0)
            videos.append(
                VideoRow(video, facts, str(video), len(grid), 16.0, '')
            )
            clips += [
                ClipRow(video, i, i, i + 1.0, one, vector, b'')
                for i, one in enumerate(packed)
            ]
        store.add(videos, clips)


def measure_rounding(
    library: VideoLibrary, texts: Sequence[str]
) -> list[list[Any]]:
    """Compare scores of stored grids with those of the model.

    Args:
        library (VideoLibrary): Library whose model is used.
        texts (Sequence[str]): Queries.

    Returns:
        list[list[Any]]: A row for each precision: bytes of a clip, largest
        difference of a score, queries whose best video stays.
    """
    model = library._model
    exact = list(filter(is_read, model.features(demo_videos())))
    scores, _ = model.scores(exact, texts)
    rows: list[list[Any]] = []
    for precision in PRECISIONS:
        rounded, size = [], 0
        for one in exact:
            packed = pack_tokens(one.tokens, precision)
            size = len(packed[0])
            cells, width = one.tokens.shape[1:]
            tokens = unpack_tokens(packed, cells, width, precision)
            rounded.append(
                VideoFeatures(one.video, tokens, one.clips, one.model)
            )
        found, _ = model.scores(rounded, texts)
        same = (found.argmax(0) == scores.argmax(0)).mean()
        difference = float(np.abs(found - scores).max())
        rows.append([precision, size, difference, f'{100 * same:.1f} %'])
    return rows


def measure_full_size(folder: Path, videos: int) -> list[list[Any]]:
    """Store grids of full size, and read all of them.

    Args:
        folder (Path): Folder for the indexes.
        videos (int): Number of videos.

    Returns:
        list[list[Any]]: A row for each precision: bytes, those of 1,000
        videos, seconds to read all, seconds to read 50 videos.
    """
    generator = torch.Generator().manual_seed(0)
    grids = [
        torch.randn(CLIPS, CELLS, WIDTH, generator=generator) for _ in range(8)
    ]
    rows: list[list[Any]] = []
    for precision in PRECISIONS:
        about = Description('', '', '', '', CLIPS, CELLS, WIDTH, precision)
        store = IndexStore.create(folder / precision, about)
        fill(store, grids, videos)
        size = size_of(folder / precision)
        start = time.perf_counter()
        read = sum(len(block) for block in store.scan())
        middle = time.perf_counter()
        step = max(1, videos // 50)
        store.take(list(range(0, videos, step))[:50])
        end = time.perf_counter()
        assert read == videos * CLIPS
        gigabytes = size / videos * 1000 / 1e9
        rows.append([precision, size, gigabytes, middle - start, end - middle])
    return rows


def measure_queries(
    store: IndexStore, model: VideoTextModel, texts: Sequence[str], runs: int
) -> list[list[Any]]:
    """Time queries on an index, and on the same grids in memory.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its model.
        texts (Sequence[str]): Queries, one for each timed call.
        runs (int): Timed calls of each side.

    Returns:
        list[list[Any]]: A row for each way to search: seconds, relative to
        the grids in memory, passes.
    """
    memory = [
        features_of(store, store.take([row.video])) for row in store.videos()
    ]
    queries = itertools.cycle(texts)
    StudentTables(store).save(make_student(model, store.description.width))
    passes = {'memory': store.count_clips()}
    sides: dict[str, Callable[[], object]] = {
        'memory': lambda: model.scores(memory, [next(queries)], together=True)
    }
    for tier, search in SEARCHES.items():
        passes[tier] = search(store, model, texts[:1]).passes
        sides[tier] = partial(ask_next, tier, store, model, queries)
    seconds = medians(alternate(sides, runs))
    return [
        [name, value, value / seconds['memory'], passes[name]]
        for name, value in seconds.items()
    ]


def ask_next(
    tier: str, store: IndexStore, model: VideoTextModel, queries: Iterator[str]
) -> Passes:
    """Search for the next query, by a tier."""
    return SEARCHES[tier](store, model, [next(queries)])


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the tables.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    texts = [row['caption'] for row in demo_rows()]
    print(machine_line(), end='\n\n', flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = VideoLibrary.create(folder / 'demo', clips=CLIPS)
        print_table(
            f'Rounding of grids: {len(texts)} queries, 24 videos',
            [
                'precision',
                'bytes of a clip',
                'scores differ by',
                'same best video',
            ],
            measure_rounding(library, texts),
        )
        print_table(
            f'Grids of full size: {args.full_size} videos of 16 clips',
            ['precision', 'bytes', 'GB for 1,000', 'all, s', '50 videos, s'],
            measure_full_size(folder, args.full_size),
        )
        found = filter(is_read, library._model.features(demo_videos()))
        grids = [one.tokens for one in found]
        fill(library.store, grids, args.clips // CLIPS)
        print_table(
            f'A query over {args.clips} clips, model of the demo',
            ['grids', 's', 'of those in memory', 'passes'],
            measure_queries(library.store, library._model, texts, args.runs),
        )


if __name__ == '__main__':
    main()
