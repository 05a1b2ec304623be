# Copyright (c) clipbert_mm contributors.
r"""Read, search and train for hours, and see that memory and handles stay.

One process opens and reads good and bad files, searches videos, and trains a
tiny model through the loader of a config with one worker, over and over::

    python -m tools.benchmarks.soak --minutes 60

Once a minute it prints the memory and the handles of the process and its
worker. The exit status is 1 if they grow.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from clipbert_mm.media.opening import DECODERS
from tools.benchmarks.harness import machine_line, print_table

from .samples import Sample, take_sample, verdict
from .work import Work

_HEADER = (
    'minute',
    'rounds',
    'read',
    'refused',
    'steps',
    'MiB',
    'worker MiB',
    'files',
    'threads',
    'processes',
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--minutes', type=float, default=60, help='length (default: 60)'
    )
    parser.add_argument(
        '--files',
        type=int,
        default=200,
        help='number of bad files; there are half as many good ones '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--decoder',
        choices=DECODERS,
        default='pyav',
        help='decoder of the videos (default: %(default)s)',
    )
    parser.add_argument(
        '--interval',
        type=float,
        default=60,
        help='seconds between two samples (default: 60)',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the soak.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        int: Exit status.
    """
    args = parse_args(argv)
    torch.set_num_threads(1)
    print(machine_line())
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(prefix='soak-') as folder:
        work = Work(Path(folder), args.files, args.decoder)
        start = last = time.monotonic()
        while time.monotonic() < start + args.minutes * 60:
            work.run_round()
            now = time.monotonic()
            if now >= last + args.interval or not samples:
                last = now
                samples.append(take_sample((now - start) / 60, work.counts))
                print(*samples[-1], sep='\t', flush=True)
    print_table('Samples', _HEADER, samples)
    rows, flat = verdict(samples)
    header = ['quantity', 'slope per hour', 'growth', 'limit', 'verdict']
    print_table('Growth after the first quarter', header, rows)
    print('All are flat.' if flat else 'Something grows.')
    return 0 if flat else 1


if __name__ == '__main__':
    sys.exit(main())
