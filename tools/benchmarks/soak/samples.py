# Copyright (c) clipbert_mm contributors.
"""Memory and handles of a process, and whether they grow."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

# Allocators need a while until they hold what they need.
_WARM_UP = 0.25
_MOST_GROWTH_MIB = 16.0


class Counts(NamedTuple):
    """Work that a run has done.

    Args:
        rounds (int): Finished rounds. Defaults to 0.
        read (int): Files that were read. Defaults to 0.
        refused (int): Files that were refused. Defaults to 0.
        steps (int): Training steps. Defaults to 0.
    """

    rounds: int = 0
    read: int = 0
    refused: int = 0
    steps: int = 0


class Sample(NamedTuple):
    """Use of memory and handles.

    Args:
        minute (float): Minutes since the start.
        rounds (int): Finished rounds.
        read (int): Files that were read.
        refused (int): Files that were refused.
        steps (int): Training steps.
        mib (float): Resident memory of this process, in MiB.
        worker_mib (float): Resident memory of its children, in MiB.
        files (int): Open file descriptors of this process.
        threads (int): Threads of this process.
        processes (int): Number of its children.
    """

    minute: float
    rounds: int
    read: int
    refused: int
    steps: int
    mib: float
    worker_mib: float
    files: int
    threads: int
    processes: int


def take_sample(minute: float, counts: Counts) -> Sample:
    """Measure memory and handles.

    Args:
        minute (float): Minutes since the start.
        counts (Counts): Work that is done.

    Returns:
        Sample: The sample.
    """
    children = [
        Path('/proc', pid)
        for task in Path('/proc/self/task').iterdir()
        for pid in (task / 'children').read_text().split()
    ]
    return Sample(
        round(minute, 1),
        *counts,
        _resident_mib(Path('/proc/self')),
        sum(map(_resident_mib, children)),
        len(list(Path('/proc/self/fd').iterdir())),
        len(list(Path('/proc/self/task').iterdir())),
        len(children),
    )


def growth(samples: Sequence[Sample], name: str) -> tuple[float, float]:
    """Return how a quantity grows after the first quarter of a run.

    Args:
        samples (Sequence[Sample]): Samples in order.
        name (str): Field of a sample.

    Returns:
        tuple[float, float]: Slope of the line of least squares per hour, and
        difference of the medians of the last and the first third.

    Example:
        >>> growth([Sample(m, *[0] * 4, 10.0 + m, *[0] * 4)
        ...         for m in range(60)], 'mib')
        (60.0, 30.0)
    """
    kept = samples[int(len(samples) * _WARM_UP) :]
    minutes = np.array([sample.minute for sample in kept])
    values = np.array([getattr(sample, name) for sample in kept], float)
    if len(kept) < 3 or not np.ptp(minutes):
        return 0.0, float(values[-1] - values[0])
    slope = np.polyfit(minutes, values, 1)[0] * 60
    third = len(values) // 3
    rise = np.median(values[-third:]) - np.median(values[:third])
    return round(float(slope), 2), float(rise)


def verdict(samples: Sequence[Sample]) -> tuple[list[list[object]], bool]:
    """Judge a run.

    Args:
        samples (Sequence[Sample]): Samples in order.

    Returns:
        tuple[list[list[object]], bool]: Rows of quantity, slope per hour,
        growth, limit and verdict; and whether all are flat.
    """
    limits = dict.fromkeys(('mib', 'worker_mib'), _MOST_GROWTH_MIB)
    limits.update(dict.fromkeys(('files', 'threads', 'processes'), 0.0))
    rows: list[list[object]] = []
    flat = True
    for name, limit in limits.items():
        slope, rise = growth(samples, name)
        flat &= rise <= limit
        word = 'flat' if rise <= limit else 'GROWS'
        rows.append([name, slope, rise, limit, word])
    return rows, flat


def _resident_mib(process: Path) -> float:
    for line in (process / 'status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0
