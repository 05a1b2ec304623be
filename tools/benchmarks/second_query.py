# Copyright (c) clipbert_mm contributors.
"""Compare the first and the second search in the same videos, in seconds.

The model that comes with the package searches copies of its own videos. Every
run loads it again, so that the first search reads all files::

    python -m tools.benchmarks.second_query
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from clipbert_mm.apis import ClipBERTInferencer, demo_videos
from clipbert_mm.apis.feature_cache import CACHE_BYTES

from .harness import (
    add_common_options,
    machine_line,
    print_table,
    synchronize,
)

QUERIES = ('a big red ring moves at the left', 'a small blue cross')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description='Compare the first and the second search in the same '
        'videos.'
    )
    parser.add_argument(
        '--videos',
        type=int,
        default=38,
        help='number of videos (default: %(default)s)',
    )
    add_common_options(parser)
    return parser.parse_args(argv)


def copy_videos(folder: Path, number: int) -> None:
    """Fill a folder with copies of the videos that come with the package.

    Args:
        folder (Path): Existing folder.
        number (int): Number of copies.
    """
    videos = demo_videos()
    for i in range(number):
        shutil.copyfile(videos[i % len(videos)], folder / f'{i}.mp4')


def search(
    folder: Path, device: str, cache_bytes: int = CACHE_BYTES
) -> list[tuple[float, float]]:
    """Search twice with a newly loaded model.

    Args:
        folder (Path): Folder of the videos.
        device (str): Device of the model.
        cache_bytes (int): Memory for features. Defaults to that of the
            inferencer.

    Returns:
        list[tuple[float, float]]: Seconds of each search, and CPU seconds of
        this process.
    """
    inferencer = ClipBERTInferencer(
        'demo', device=device, cache_bytes=cache_bytes
    )
    taken = []
    for query in QUERIES:
        synchronize(device)
        start, cpu = time.perf_counter(), time.process_time()
        inferencer.rank(query, folder)
        synchronize(device)
        taken.append((time.perf_counter() - start, time.process_time() - cpu))
    return taken


def compare(folder: Path, device: str, runs: int) -> list[list]:
    """Time both searches, and both without a cache, in turns.

    Args:
        folder (Path): Folder of the videos.
        device (str): Device of the model.
        runs (int): Number of timed runs; one more is not timed.

    Returns:
        list[list]: Rows of a table: search, median seconds, CPU seconds.
    """
    taken = [
        [*search(folder, device), *search(folder, device, 0)]
        for _ in range(runs + 1)
    ][1:]
    first, second, _, without = (
        [statistics.median(times) for times in zip(*searches)]
        for searches in zip(*taken)
    )
    return [
        ['first', *first],
        ['second', *second],
        ['second / first', *(s / f for f, s in zip(first, second))],
        ['second, cache_bytes=0', *without],
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    videos, runs = (2, 1) if args.quick else (args.videos, args.runs)
    print(machine_line(args.device), end='\n\n')
    with tempfile.TemporaryDirectory() as folder:
        copy_videos(Path(folder), videos)
        print_table(
            f'{videos} videos, demo model, median of {runs} runs',
            ('search', 's', 'CPU s'),
            compare(Path(folder), args.device, runs),
        )


if __name__ == '__main__':
    main()
