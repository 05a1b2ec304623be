# Copyright (c) clipbert_mm contributors.
"""What the benchmarks share: sides that take turns, medians, tables."""

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
    """Wait until the device has done what it was given.

    Args:
        device (str | torch.device): Nothing to wait for on a CPU.
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
        sides (Mapping[str, Callable]): What is timed, by name.
        runs (int): Timed calls of each side. Defaults to 5.
        warmups (int): Calls before, not timed. Defaults to 1.
        device (str | torch.device): Waited for around each call.
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
    """Median of each side.

    Args:
        seconds (Mapping[str, Sequence[float]]): Of :func:`alternate`.

    Returns:
        dict[str, float]: Seconds, by name.
    """
    return {name: statistics.median(runs) for name, runs in seconds.items()}


def format_table(
    title: str, header: Sequence[object], rows: Sequence[Sequence[object]]
) -> str:
    """Format a Markdown table under its title, in aligned columns.

    Args:
        title (str): Line above the table.
        header (Sequence[object]): One cell for each column.
        rows (Sequence[Sequence[object]]): Floats get three significant
            figures, other cells are printed as they are.

    Returns:
        str: Lines without a last newline.
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
    """Print what :func:`format_table` makes, and an empty line.

    Args:
        title (str): Line above the table.
        header (Sequence[object]): One cell for each column.
        rows (Sequence[Sequence[object]]): See :func:`format_table`.
    """
    print(format_table(title, header, rows), end='\n\n', flush=True)


def machine_line(device: str | torch.device = 'cpu') -> str:
    """Say what is measured on.

    Args:
        device (str | torch.device): Where the work runs. Defaults to
            ``'cpu'``.

    Returns:
        str: CPU, cores, threads, torch, and the GPU if it is used.
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
    """Name of the processor.

    Returns:
        str: As ``/proc/cpuinfo`` has it, else as Python knows it.
    """
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every benchmark has.

    Args:
        parser (argparse.ArgumentParser): Gets ``--threads``, ``--device``,
            ``--runs`` and ``--quick``.
    """
    parser.add_argument(
        '--threads',
        type=int,
        default=len(os.sched_getaffinity(0)),
        help='threads of torch, the same for all sides (default: all cores)',
    )
    parser.add_argument(
        '--device', default='cpu', choices=('cpu', 'cuda'), help='where'
    )
    parser.add_argument(
        '--runs',
        type=int,
        default=5,
        help='timed runs of each side, which take turns; medians count',
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='tiny sizes: shows in seconds that it runs, measures nothing',
    )
