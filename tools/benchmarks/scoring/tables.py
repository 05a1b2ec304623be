# Copyright (c) clipbert_mm contributors.
"""Tables of the benchmark of scoring."""

import functools
import statistics
from typing import NamedTuple

from torch import Tensor

from tools.benchmarks.harness import alternate, medians, print_table
from tools.benchmarks.matrix_products import products_alone, record_products

from .case import CAPTIONS, Case, Sizes, TextSizes
from .processes import ScoringProcesses
from .reference_scoring import ReferenceScorer

FULL_TEXTS = 1000  # of MSR-VTT, for which the ceiling is shown too


class Comparison(NamedTuple):
    """Measurements for one kind of texts."""

    name: str
    pairs: int
    tokens: float  # mean of a text
    seconds: dict[str, float]  # median of each side
    ceiling: float  # ratio of the operations
    full_ceiling: float  # the same with 1,000 texts
    difference: float  # see relative_difference


def relative_difference(logits: Tensor, expected: Tensor) -> float:
    """Return the largest difference of logits, relative to their spread.

    Args:
        logits (Tensor): Logits ``(N, M, C, K)``.
        expected (Tensor): Expected logits of the same shape.

    Returns:
        float: The difference, in standard deviations of the expected logits
        over the pairs.
    """
    spread = expected.flatten(0, -2).std(0).min()
    return ((logits - expected).abs().max() / spread).item()


def compare(
    case: Case, name: str, texts: TextSizes, number: int, runs: int
) -> Comparison:
    """Time the original's way, ours, and our products alone.

    Args:
        case (Case): Model and clips.
        name (str): Name of the texts.
        texts (TextSizes): Lengths of the texts.
        number (int): Number of texts ``M``.
        runs (int): Number of runs of each side.

    Returns:
        Comparison: The measurements.

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
            'The logits of both sides must be equal, but differ by up to '
            f'{difference} standard deviations over the pairs.'
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
    """Print both tables of comparisons.

    Args:
        rows (list[Comparison]): Results of :func:`compare`.
    """
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
        'A pair is one text with one clip. The difference of logits is in '
        'standard deviations over the pairs.\n'
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
    """Time one process against two, one thread each.

    Args:
        sizes (Sizes): Sizes of the benchmark.
        runs (int): Number of runs of each side.
    """
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
    """Time growing numbers of pairs, and fit a line.

    Args:
        case (Case): Model and clips.
        runs (int): Number of runs of each side.
    """
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
