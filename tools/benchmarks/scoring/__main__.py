# Copyright (c) clipbert_mm contributors.
"""All-pairs scoring against the original implementation's way, and alone.

Both sides have the same random weights, clips, texts and threads, and their
logits are compared. A pair is one text with one clip::

    python -m tools.benchmarks.scoring
    python -m tools.benchmarks.scoring --device cuda

On a CPU a clip has one frame and a mini-batch of the original 32 texts
instead of 2 and 64: half of both keeps the share of the CNN.
"""

import argparse
import functools
import statistics
from typing import NamedTuple

import torch
from torch import Tensor

from clipbert_mm.models.pair_scorer import AUTOCAST_DTYPES
from tools.benchmarks.harness import (
    add_common_options,
    alternate,
    machine_line,
    medians,
    print_table,
)
from tools.benchmarks.matrix_products import products_alone, record_products

from .case import CAPTIONS, PARAGRAPHS, Case, Sizes, TextSizes
from .processes import ScoringProcesses
from .reference_scoring import ReferenceScorer

CPU_SIZES = dict(texts=64, clips=1, frames=1, mini_batch=32, token_budget=2048)
GPU_SIZES = dict(
    texts=1000, clips=16, frames=2, mini_batch=64, token_budget=65536
)
QUICK_SIZES = dict(texts=8, clips=1, frames=1, mini_batch=4, token_budget=200)
FULL_TEXTS = 1000  # of MSR-VTT, at which the ceiling is told too


class Comparison(NamedTuple):
    """What one kind of texts gave."""

    name: str
    pairs: int
    tokens: float  # of a text, on average
    seconds: dict[str, float]  # medians, by side
    ceiling: float  # of the ratio, by operations
    full_ceiling: float  # with 1,000 texts
    difference: float  # largest, of the logits, by their deviation


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Benchmark of scoring')
    for name, text in dict(
        texts='captions; there are half as many paragraphs',
        clips='of the video',
        frames='of a clip',
        mini_batch='texts for which the original runs the CNN anew',
        token_budget='tokens of a batch of ours',
    ).items():
        parser.add_argument(
            f'--{name.replace("_", "-")}',
            type=int,
            help=f'{text} (default: {CPU_SIZES[name]} on a CPU, '
            f'{GPU_SIZES[name]} on a GPU)',
        )
    parser.add_argument('--autocast', choices=sorted(AUTOCAST_DTYPES))
    add_common_options(parser)
    args = parser.parse_args(argv)
    sizes = GPU_SIZES if args.device == 'cuda' else CPU_SIZES
    for name, value in (QUICK_SIZES if args.quick else sizes).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
        if getattr(args, name) < (8 if name == 'texts' else 1):
            parser.error(f'--{name} is too small: {getattr(args, name)}')
    if args.quick:
        args.runs = 1
    return args


def relative_difference(logits: Tensor, expected: Tensor) -> float:
    """Largest difference of logits, by what distinguishes the pairs.

    Args:
        logits (Tensor): ``(N, M, C, K)``.
        expected (Tensor): The same shape.

    Returns:
        float: In standard deviations of the expected ones over the pairs.
    """
    spread = expected.flatten(0, -2).std(0).min()
    return ((logits - expected).abs().max() / spread).item()


def compare(
    case: Case, name: str, texts: TextSizes, number: int, runs: int
) -> Comparison:
    """Time the original's way, ours and our products alone.

    Args:
        case (Case): Model and clips.
        name (str): Of the texts.
        texts (TextSizes): Of the texts.
        number (int): Of texts.
        runs (int): Of each side.

    Returns:
        Comparison: Medians and the rest of a row.

    Raises:
        RuntimeError: If the logits of both sides differ.
    """
    sizes, bank = case.sizes, case.bank(texts, number)
    reference = ReferenceScorer(
        case.model,
        {key: value.to(sizes.device) for key, value in bank.items()},
        sizes.mini_batch,
    )
    ours = case.scoring(bank)
    logits: dict[str, Tensor] = {}

    def run_reference() -> None:
        with case.precision():
            logits['reference'] = reference.clip_logits(case.frames)

    def run_ours() -> None:
        logits['ours'] = ours()

    weights = [*case.model.parameters(), *case.model.buffers()]
    products = products_alone(record_products(ours, weights))
    sides = dict(reference=run_reference, ours=run_ours, products=products)
    seconds = medians(alternate(sides, runs, warmups=0, device=sizes.device))
    difference = relative_difference(logits['ours'], logits['reference'])
    if not difference < (0.1 if sizes.autocast else 1e-3):
        raise RuntimeError(
            'The logits of both sides should be equal, but differ by up to '
            f'{difference} of their standard deviation over the pairs.'
        )
    return Comparison(
        name,
        number * sizes.clips,
        bank['attention_mask'].sum(-1).float().mean().item(),
        seconds,
        case.ceiling(texts, number),
        case.ceiling(texts, FULL_TEXTS),
        difference,
    )


def print_comparisons(rows: list[Comparison]) -> None:
    """Print both tables of :func:`compare`."""
    print_table(
        'Pairs per second against the original way',
        [
            'texts',
            'mean tokens',
            'pairs',
            'original',
            'ours',
            'ratio',
            'ceiling by operations',
            f'ceiling with {FULL_TEXTS} texts',
            'logits differ by',
        ],
        [
            [
                r.name,
                r.tokens,
                r.pairs,
                r.pairs / r.seconds['reference'],
                r.pairs / r.seconds['ours'],
                r.seconds['reference'] / r.seconds['ours'],
                r.ceiling,
                r.full_ceiling,
                f'{r.difference:.1e}',
            ]
            for r in rows
        ],
    )
    print(
        'A pair is one text with one clip. Logits differ by so many of '
        'their standard deviations.\n'
    )
    print_table(
        'Our scorer against its own convolutions and matrix products alone',
        ['texts', 'scorer, s', 'products alone, s', 'ratio'],
        [
            [
                r.name,
                r.seconds['ours'],
                r.seconds['products'],
                r.seconds['ours'] / r.seconds['products'],
            ]
            for r in rows
        ],
    )


def print_processes(sizes: Sizes, runs: int) -> None:
    """Time one process against two, one thread each."""
    sizes = sizes._replace(texts=max(4, sizes.texts // 4))
    with ScoringProcesses(2, sizes) as processes:
        sides = dict(
            one=lambda: processes.score(1), two=lambda: processes.score(2)
        )
        seconds = medians(alternate(sides, runs, warmups=0))
    pairs = sizes.texts * sizes.clips
    one, two = pairs / seconds['one'], 2 * pairs / seconds['two']
    print_table(
        'Processes with one thread each, pairs per second',
        ['1 process', '2 processes', 'ratio'],
        [[one, two, two / one]],
    )


def print_line(case: Case, runs: int) -> None:
    """Time growing numbers of pairs, and fit a line."""
    number = max(4, case.sizes.texts // 8)
    scorer = case.scorer(case.bank(CAPTIONS, number))
    visual = scorer.encode_clips(case.frames)
    blocks = [visual.expand(videos, -1, -1, -1) for videos in (1, 2, 3, 4)]
    sides = {
        str(len(block)): functools.partial(scorer.clip_logits, block)
        for block in blocks
    }
    medians_of = medians(
        alternate(sides, runs, warmups=0, device=case.sizes.device)
    )
    seconds = [medians_of[str(len(block))] for block in blocks]
    pairs = [len(block) * number * case.sizes.clips for block in blocks]
    slope, start = statistics.linear_regression(pairs, seconds)
    print_table(
        f'Cost against pairs; the line is {start:.3g} s + '
        f'{1000 * slope:.3g} ms for each pair, correlation '
        f'{statistics.correlation(pairs, seconds):.4f}',
        ['pairs', 'seconds', 'line', 'ratio'],
        [
            [
                count,
                measured,
                start + slope * count,
                measured / (start + slope * count),
            ]
            for count, measured in zip(pairs, seconds)
        ],
    )


def main(argv: list[str] | None = None) -> None:
    """Print all tables."""
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    print(machine_line(args.device), end='\n\n')
    sizes = Sizes(
        args.texts,
        args.clips,
        args.frames,
        args.mini_batch,
        args.token_budget,
        args.device,
        args.autocast,
        args.quick,
    )
    case = Case(sizes)
    case.scoring(case.bank(CAPTIONS, 2))()  # nothing is timed the first time
    print_comparisons(
        [
            compare(
                case,
                'captions, padded to 20',
                CAPTIONS,
                sizes.texts,
                args.runs,
            ),
            compare(
                case,
                'paragraphs, padded to 100',
                PARAGRAPHS,
                sizes.texts // 2,
                args.runs,
            ),
        ]
    )
    print_line(case, args.runs)
    if args.device == 'cpu':
        print_processes(sizes, args.runs)


if __name__ == '__main__':
    main()
