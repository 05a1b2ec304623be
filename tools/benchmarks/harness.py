# Copyright (c) clipbert_mm contributors.
"""Tools of all benchmarks: sides that take turns, medians, tables."""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

CPU_INFO = Path('/proc/cpuinfo')


def synchronize(device: str | torch.device = 'cpu') -> None:
    """Wait until a device has finished its work.

    Args:
        device (str | torch.device): The device; a CPU needs no waiting.
            Defaults to ``'cpu'``.
    """
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize(device)


def alternate(
    sides: Mapping[str, Callable[[], object]],
    runs: int = 5,
    warmups: int = 1,
    device: str | torch.device = 'cpu',
) -> dict[str, list[float]]:
    """Time sides that take turns, so that all see the same machine.

    Args:
        sides (Mapping[str, Callable[[], object]]): Functions to time, by
            name.
        runs (int): Number of timed calls of each side. Defaults to 5.
        warmups (int): Number of calls before those, not timed. Defaults to 1.
        device (str | torch.device): Device to wait for around each call.
            Defaults to ``'cpu'``.

    Returns:
        dict[str, list[float]]: Seconds of each call, by name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for run in range(warmups + runs):
        for name, side in sides.items():
            synchronize(device)
            start = time.perf_counter()
            side()
            synchronize(device)
            if run >= warmups:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def medians(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median of each side.

    Args:
        seconds (Mapping[str, Sequence[float]]): Result of :func:`alternate`.

    Returns:
        dict[str, float]: Seconds, by name.

    Example:
        >>> medians(dict(ours=[1.0, 3.0, 2.0]))
        {'ours': 2.0}
    """
    return {name: statistics.median(runs) for name, runs in seconds.items()}


def format_table(
    title: str, header: Sequence[object], rows: Sequence[Sequence[object]]
) -> str:
    """Format a Markdown table under its title, in aligned columns.

    Args:
        title (str): Line above the table.
        header (Sequence[object]): One cell for each column.
        rows (Sequence[Sequence[object]]): Cells of each row. Floats get three
            significant figures, others are printed as they are.

    Returns:
        str: Lines without a final newline.
    """
    cells = [[_format_cell(cell) for cell in row] for row in (header, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    rule = ['-' * width for width in widths]
    lines = [
        '| '
        + ' | '.join(cell.ljust(width) for cell, width in zip(row, widths))
        + ' |'
        for row in (cells[0], rule, *cells[1:])
    ]
    return '\n'.join([f'### {title}', '', *lines])


def _format_cell(cell: object) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f'{cell:.3g}' if abs(cell) < 1000 else f'{cell:,.0f}'


def print_table(
    title: str, header: Sequence[object], rows: Sequence[Sequence[object]]
) -> None:
    """Print a table from :func:`format_table`, and an empty line.

    Args:
        title (str): Line above the table.
        header (Sequence[object]): One cell for each column.
        rows (Sequence[Sequence[object]]): See :func:`format_table`.
    """
    print(format_table(title, header, rows), end='\n\n', flush=True)


def machine_line(device: str | torch.device = 'cpu') -> str:
    """Describe the machine of a measurement.

    Args:
        device (str | torch.device): Device that the work runs on. Defaults to
            ``'cpu'``.

    Returns:
        str: CPU, cores, threads, versions, and the GPU if it is used.
    """
    parts = [
        cpu_name(),
        f'{len(os.sched_getaffinity(0))} cores',
        f'{torch.get_num_threads()} threads',
        f'torch {torch.__version__}',
        f'Python {platform.python_version()}',
    ]
    if torch.device(device).type == 'cuda':
        parts.append(torch.cuda.get_device_name(device))
    return 'Measured on: ' + ', '.join(parts) + f', device {device}.'


def cpu_name() -> str:
    """Return the name of the processor.

    Returns:
        str: Name from ``/proc/cpuinfo``, or else from Python.
    """
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--threads``, ``--device``, ``--runs`` and ``--quick``.

    Args:
        parser (argparse.ArgumentParser): Parser to change.
    """
    parser.add_argument(
        '--threads',
        type=int,
        default=len(os.sched_getaffinity(0)),
        help='threads of torch, the same for all sides (default: all cores)',
    )
    parser.add_argument(
        '--device',
        default='cpu',
        choices=('cpu', 'cuda'),
        help='device that the work runs on (default: %(default)s)',
    )
    parser.add_argument(
        '--runs',
        type=int,
        default=5,
        help='timed runs of each side, which take turns; medians count '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='tiny sizes, to see in seconds that it runs; the numbers then '
        'mean nothing',
    )
