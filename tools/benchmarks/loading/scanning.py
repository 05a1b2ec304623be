# Copyright (c) clipbert_mm contributors.
"""Table of the time to decode whole videos in order to find damage."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from clipbert_mm.media.reading import open_media
from clipbert_mm.media.scanning import find_damage
from tools.benchmarks.harness import alternate, medians, print_table

from .case import LoaderCase
from .snapping import Reading


def print_scanning(case: LoaderCase, args: argparse.Namespace) -> None:
    """Print the time that ``on_damage='scan'`` adds to the first opening.

    Args:
        case (LoaderCase): Videos and pipeline.
        args (argparse.Namespace): Options with ``runs``.
    """
    rows = []
    for kind, path in zip(case.kinds, (case.small[0], case.large[0])):
        sides: dict[str, Callable[[], object]] = dict(
            read=Reading(path, case, snap=False).read,
            scan=partial(_scan, path),
        )
        seconds = medians(alternate(sides, args.runs))
        rows.append(
            (
                str(kind),
                1e3 * seconds['read'],
                1e3 * seconds['scan'],
                seconds['scan'] / seconds['read'],
            )
        )
    print_table(
        f"{case.num_clips} uniform clips of 2 frames, and on_damage='scan'",
        ('video', 'ms reading', 'ms scanning', 'ratio'),
        rows,
    )


def _scan(path: Path) -> None:
    with open_media(str(path)) as file:
        if report := find_damage(file, str(path)):
            raise RuntimeError(f'{path} must be intact, but {report}.')
