# Copyright (c) clipbert_mm contributors.
"""Measure the claims of the ClipBERT paper at the size of the quickstart.

For each seed, a small ClipBERT is pretrained on images with captions and
trained to answer questions about event videos, in variants that differ in
one thing. The table shows the differences, and in how many seeds they have
the sign of the claim. Whatever is finished is not repeated::

    python -m clipbert_mm.quickstart.claims --seeds 0 1 2 --jobs 2
"""

import argparse
import math
import os
import time
import warnings
from pathlib import Path

from clipbert_mm.utils.whole_files import write_whole

from .table import table
from .variants import (
    CLAIMS,
    DENSE_CLIPS,
    LEARNING_RATE,
    SPARSE_CLIPS,
    chosen_claims,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options; ``work_dir`` is absolute.
    """
    parser = argparse.ArgumentParser(
        description='Measure the claims of the paper on small models.'
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument(
        '--jobs', type=int, default=2, help='number of runs in parallel'
    )
    parser.add_argument(
        '--threads', type=int, default=1, help='threads of each run'
    )
    parser.add_argument(
        '--epochs', type=int, default=4, help='epochs with sparse clips'
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs') / 'quickstart_claims',
        help='folder for everything that is written (default: %(default)s)',
    )
    parser.add_argument('--smoke', action='store_true', help='few steps')
    add_settings(parser)
    args = parser.parse_args(argv)
    least = DENSE_CLIPS // SPARSE_CLIPS
    if args.jobs < 1 or args.threads < 1 or args.epochs % least:
        parser.error(
            '--jobs and --threads must be >= 1 and --epochs a multiple of '
            f'{least}, but got {args.jobs}, {args.threads}, {args.epochs}'
        )
    for name, rate in (('pretrain-lr', args.pretrain_lr), ('lr', args.lr)):
        if not 0 < rate < math.inf:
            parser.error(f'--{name} must be a number > 0, but got {rate}')
    args.work_dir = args.work_dir.resolve()
    return args


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which claims to measure, and how to train.

    Args:
        parser (argparse.ArgumentParser): Parser to change.
    """
    letters = list(dict.fromkeys(claim.letter for claim in CLAIMS))
    parser.add_argument(
        '--claims',
        nargs='+',
        choices=letters,
        default=letters,
        metavar='LETTER',
        help=f'claims to measure, among {", ".join(letters)} (default: all)',
    )
    parser.add_argument(
        '--neck-norm',
        choices=['batch'],
        help='norm of the neck in every run (default: none)',
    )
    for name, what in (('pretrain-lr', 'pretraining'), ('lr', 'answering')):
        parser.add_argument(
            f'--{name}',
            type=float,
            default=LEARNING_RATE,
            help=f'learning rate of {what} (default: %(default)s)',
        )


def main() -> None:
    """Run what is not finished, and print the table."""
    args = parse_args()
    os.environ['OMP_NUM_THREADS'] = str(args.threads)
    # Imports PyTorch, which takes seconds and reads OMP_NUM_THREADS: --help
    # and the processes that write the corpora do without.
    from .runs import run_all

    # mmcv-lite has no compiled operators; ClipBERT uses none.
    warnings.filterwarnings('ignore', 'Fail to import ``MultiScale')
    os.environ['PYTHONWARNINGS'] = 'ignore:Fail to import'
    start = time.time()
    run_all(args)
    text = table(args.work_dir, args.seeds, chosen_claims(args.claims))
    write_whole(args.work_dir / 'claims.md', text + '\n')
    print(
        f'\n{text}\n\nAccuracy in percent, mean (smallest..largest) of '
        f"{len(args.seeds)} seeds; 'events' are the questions about what "
        f'happens. Total time: {time.time() - start:.0f} s.'
    )


if __name__ == '__main__':
    main()
