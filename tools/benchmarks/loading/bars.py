# Copyright (c) clipbert_mm contributors.
"""Tables of our decoding, the reference's way and the bare decoder."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.benchmarks.harness import alternate, medians, print_table

from .case import LoaderCase
from .memory import peak_memory
from .sides import decoding_sides, pipeline_side
from .videos import VideoKind

PACKED = 'decord, after compress.py'
COLUMNS = (
    'side',
    'ms/video',
    'videos/s',
    'clips/s',
    'times reference',
    'time / bare',
    'peak MiB',
)


class Bars(NamedTuple):
    """Videos of a table.

    Args:
        kind (VideoKind): Kind of the videos.
        paths (Sequence[Path]): The videos.
        draws (int): Number of draws of clips of each. Defaults to 1.
        packed (Sequence[Path]): The videos after compress.py, if they are
            measured. Defaults to none.
    """

    kind: VideoKind
    paths: Sequence[Path]
    draws: int = 1
    packed: Sequence[Path] = ()


def print_bars(case: LoaderCase, args: argparse.Namespace) -> None:
    """Print all sides on short videos.

    Args:
        case (LoaderCase): Videos and pipeline.
        args (argparse.Namespace): Options with ``runs``.
    """
    small, large, _ = case.kinds
    _explain()
    _print(case, Bars(small, case.small), args.runs)
    _print(
        case, Bars(large, case.large, case.draws, case.compressed), args.runs
    )


def print_long(case: LoaderCase, args: argparse.Namespace) -> None:
    """Print all sides on a long video.

    Args:
        case (LoaderCase): Videos and pipeline.
        args (argparse.Namespace): Options with ``runs``.
    """
    _explain()
    print(f'The file has {case.long[0].stat().st_size / 2**20:.3g} MiB.\n')
    _print(case, Bars(case.kinds[2], case.long), args.runs)


def _explain() -> None:
    print(
        'No side resizes or pads, except "pipeline", which does everything '
        'from opening\nto the collated batch. "bare" is '
        "decord's get_batch of the sorted frames. The\npeak is that of a "
        'process of its own that reads one video, above what it held\n'
        'before. It includes the frames and the code of the decoder.\n'
    )


def _print(case: LoaderCase, bars: Bars, runs: int) -> None:
    _check_equal(decoding_sides(case, bars.paths, bars.draws, turns=1))
    sides: dict[str, Callable[[], object]] = dict(
        decoding_sides(case, bars.paths, bars.draws, runs)
    )
    sides['pipeline'] = pipeline_side(case, bars.paths, bars.draws)
    if bars.packed:
        sides[PACKED] = decoding_sides(case, bars.packed, bars.draws, runs)[
            'decord'
        ]
    # The check was the warm-up; each run has clips of its own.
    seconds = medians(alternate(sides, runs, warmups=0))
    videos = len(bars.paths) * bars.draws
    rows = [
        (
            name,
            1e3 * value / videos,
            videos / value,
            videos * case.num_clips / value,
            seconds['reference'] / value,
            value / seconds['bare'],
            _peak(case, bars, name) / 2**20,
        )
        for name, value in seconds.items()
    ]
    print_table(f'{case.num_clips} clips of {bars.kind}', COLUMNS, rows)


def _peak(case: LoaderCase, bars: Bars, name: str) -> int:
    if name == PACKED:
        return peak_memory('decord', case, bars.packed[0])
    return peak_memory(name, case, bars.paths[0])


def _check_equal(sides: dict[str, Callable[[], list]]) -> None:
    """Raise unless all sides read the same pixels."""
    expected = sides['reference']()
    for name, side in sides.items():
        if name in ('reference', 'bare'):  # bare: sorted, none twice
            continue
        for got, frames in zip(side(), expected):
            if not np.array_equal(np.stack(got), frames):
                raise RuntimeError(
                    f'{name} must read the same pixels as the reference, but '
                    'some differ.'
                )
