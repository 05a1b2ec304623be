# Copyright (c) clipbert_mm contributors.
"""The claims of the ClipBERT paper in small, on the quickstart's videos.

For each seed a small ClipBERT is pretrained on images with captions and
trained to answer questions about event videos, in variants that differ in
one thing; the table tells the difference, and in how many seeds it has the
sign of the claim. A run that is finished is not done again::

    python -m clipbert_mm.quickstart.claims --seeds 0 1 2 --jobs 2
"""

import argparse
import json
import os
import statistics
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from .variants import (
    DENSE_CLIPS,
    SPARSE_CLIPS,
    TEST_CLIPS,
    VARIANTS,
    prepare,
    run_pretraining,
    run_variant,
)

EVENT_TYPES = ('action', 'transition')


class Claim(NamedTuple):
    """What should answer more questions than what."""

    text: str
    better: tuple[str, int]  # a variant and its number of test clips
    worse: tuple[str, int]


CLAIMS = (
    Claim(
        '(a) image-text pretraining > none',
        ('base', TEST_CLIPS),
        ('scratch', TEST_CLIPS),
    ),
    Claim(
        f'(b) {SPARSE_CLIPS} random clips > {DENSE_CLIPS} uniform ones, '
        'trained for as many clips in all',
        ('base', TEST_CLIPS),
        ('dense', TEST_CLIPS),
    ),
    Claim('(c) LSE > mean', ('base', TEST_CLIPS), ('mean', TEST_CLIPS)),
    Claim('(c) LSE > max', ('base', TEST_CLIPS), ('max', TEST_CLIPS)),
    Claim('(d) 2 test clips > 1', ('base', 2), ('base', 1)),
    Claim('(d) 4 test clips > 2', ('base', 4), ('base', 2)),
    Claim('(d) 8 test clips > 4', ('base', 8), ('base', 4)),
    Claim(
        '(e) end to end > frozen backbone',
        ('base', TEST_CLIPS),
        ('frozen', TEST_CLIPS),
    ),
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Measure the claims of the paper in small.'
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs side by side'
    )
    parser.add_argument('--threads', type=int, default=1, help='of each run')
    parser.add_argument(
        '--epochs', type=int, default=4, help='of training with sparse clips'
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs') / 'quickstart_claims',
    )
    parser.add_argument('--smoke', action='store_true', help='few steps')
    args = parser.parse_args(argv)
    least = DENSE_CLIPS // SPARSE_CLIPS
    if args.jobs < 1 or args.threads < 1 or args.epochs % least:
        parser.error(
            '--jobs and --threads must be >= 1 and --epochs a multiple of '
            f'{least}, but got {args.jobs}, {args.threads}, {args.epochs}'
        )
    args.work_dir = args.work_dir.resolve()
    return args


def accuracies(
    folder: Path, run: tuple[str, int], seeds: list[int]
) -> dict[str, list[float]]:
    """Accuracies of a run, percent, one for each seed.

    Args:
        folder (Path): Work folder of all.
        run (tuple[str, int]): Variant and number of test clips.
        seeds (list[int]): Of the run.

    Returns:
        dict[str, list[float]]: Of all questions, and of those about what
        happens (the mean of their types).
    """
    name, clips = run
    found: dict[str, list[float]] = dict(all=[], events=[])
    for seed in seeds:
        place = folder / f'seed{seed}' / f'test_{name}_{clips}'
        metrics = json.loads((place / 'result.json').read_text())
        found['all'].append(metrics['acc'])
        found['events'].append(
            statistics.mean(metrics.get(f'acc/{t}', 0.0) for t in EVENT_TYPES)
        )
    return found


def spread(values: list[float]) -> str:
    """Mean and range, as text."""
    return (
        f'{statistics.mean(values):.1f} ({min(values):.1f}..{max(values):.1f})'
    )


def table(folder: Path, seeds: list[int]) -> str:
    """The Markdown table of all claims.

    Args:
        folder (Path): Work folder of all.
        seeds (list[int]): That were run.
    """
    lines = [
        '| claim | questions | better | worse | difference | seeds | |',
        '|---|---|---|---|---|---|---|',
    ]
    for claim in CLAIMS:
        better = accuracies(folder, claim.better, seeds)
        worse = accuracies(folder, claim.worse, seeds)
        for kind in better:
            gains = [b - w for b, w in zip(better[kind], worse[kind])]
            right = sum(gain > 0 for gain in gains)
            verdict = (
                'holds'
                if right == len(seeds)
                else 'does not hold'
                if statistics.mean(gains) <= 0
                else 'not in every seed'
            )
            lines.append(
                f'| {claim.text} | {kind} | {spread(better[kind])} | '
                f'{spread(worse[kind])} | {spread(gains)} | '
                f'{right} of {len(seeds)} | {verdict} |'
            )
    return '\n'.join(lines)


def run_all(args: argparse.Namespace) -> None:
    """Do all runs, some side by side.

    Args:
        args (argparse.Namespace): Of the command line.
    """
    every = {
        seed: prepare(args.work_dir, seed, args.smoke, args.jobs)
        for seed in args.seeds
    }
    # A fresh interpreter each: MMEngine's configs are not made for threads.
    with ProcessPoolExecutor(args.jobs, get_context('spawn')) as pool:
        first = {
            seed: pool.submit(run_pretraining, options)
            for seed, options in every.items()
        }
        runs = [
            pool.submit(
                run_variant, options, name, args.epochs, first[seed].result()
            )
            for seed, options in every.items()
            for name in VARIANTS
        ]
        for run in runs:
            run.result()


def main() -> None:
    """Run what is not finished, and print the table."""
    args = parse_args()
    os.environ['OMP_NUM_THREADS'] = str(args.threads)
    # mmcv-lite has no compiled operators; ClipBERT uses none.
    warnings.filterwarnings('ignore', 'Fail to import ``MultiScale')
    os.environ['PYTHONWARNINGS'] = 'ignore:Fail to import'
    start = time.time()
    run_all(args)
    text = table(args.work_dir, args.seeds)
    (args.work_dir / 'claims.md').write_text(text + '\n')
    print(
        f'\n{text}\n\nAccuracy in percent, mean (smallest..largest) of '
        f"{len(args.seeds)} seeds; 'events' are the questions about what "
        f'happens. All of it took {time.time() - start:.0f} s.'
    )


if __name__ == '__main__':
    main()
