# Copyright (c) clipbert_mm contributors.
"""Compare the precisions of the scorer on a CPU: pairs of clip and text per s.

BERT-base with random weights scores one video of 16 clips against captions,
as `clipbert_msrvtt_ret` tests. All sides take turns in one process::

    python -m tools.benchmarks.cpu_precision --threads 1 2
    python -m tools.benchmarks.cpu_precision --demo --texts 100
"""

import argparse
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.models.onnx.head_graph import head_graph
from clipbert_mm.models.onnx.onnx_matcher import TOKENS_AT_ONCE, OnnxMatcher
from clipbert_mm.models.pair_scorer import PairMatcher, PairScorer
from clipbert_mm.models.text_bank import TextBank

from .harness import alternate, machine_line, medians, print_table
from .scoring.case import CAPTIONS, TINY_BACKBONE, TINY_BERT, draw_bank
from .scoring.reference_scoring import build_clipbert

CLIPS = 16  # of clipbert_msrvtt_ret
CELLS = 49  # of its frames of 448 pixels
DEMO_CLIPS = 4  # of the demo model
DEMO_CELLS = 16  # of its frames of 64 pixels
TOKEN_BUDGET = 65536


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description='Compare the precisions of the scorer on a CPU.'
    )
    parser.add_argument(
        '--threads',
        type=int,
        nargs='+',
        default=[1, 2],
        help='numbers of threads to measure (default: 1 2)',
    )
    parser.add_argument(
        '--texts', type=int, default=8, help='captions (default: %(default)s)'
    )
    parser.add_argument(
        '--runs', type=int, default=3, help='timed runs (default: %(default)s)'
    )
    parser.add_argument(
        '--bfloat16', action='store_true', help='measure bfloat16 as well'
    )
    parser.add_argument(
        '--demo',
        action='store_true',
        help='measure the small model that comes with the package',
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='tiny sizes, to see in seconds that it runs; the numbers then '
        'mean nothing',
    )
    return parser.parse_args(argv)


def make_sides(
    model: PairMatcher, int8: PairMatcher, bank: TextBank, bfloat16: bool
) -> dict[str, PairScorer]:
    """Return the scorers to compare.

    Args:
        model (PairMatcher): Model in single precision.
        int8 (PairMatcher): The same, quantised.
        bank (TextBank): Captions.
        bfloat16 (bool): Add a scorer in bfloat16.

    Returns:
        dict[str, PairScorer]: Scorers by name.
    """
    small = f'float32, {TOKENS_AT_ONCE} tokens at a time'
    sides = {
        'float32': PairScorer(model, bank, TOKEN_BUDGET),
        small: PairScorer(model, bank, TOKENS_AT_ONCE),
        'int8': PairScorer(int8, bank, TOKEN_BUDGET),
    }
    if bfloat16:
        sides['bfloat16'] = PairScorer(model, bank, TOKEN_BUDGET, 'bfloat16')
    return sides


def compare(
    sides: dict[str, PairScorer], visual: Tensor, runs: int
) -> list[list]:
    """Time the scorers and compare their logits.

    Args:
        sides (dict[str, PairScorer]): Result of :func:`make_sides`.
        visual (Tensor): Visual tokens, ``(1, C, V, D)``.
        runs (int): Number of timed runs of each.

    Returns:
        list[list]: Rows of a table: name, pairs per second, ratio to the
        first, the same of CPU time, which other programs change little,
        largest difference from its logits.
    """
    logits: dict[str, Tensor] = {}
    busy: dict[str, list[float]] = {name: [] for name in sides}

    def scoring(name: str) -> Callable[[], None]:
        def run() -> None:
            start = time.process_time()
            logits[name] = sides[name].clip_logits(visual)
            busy[name].append(time.process_time() - start)

        return run

    seconds = medians(alternate({name: scoring(name) for name in sides}, runs))
    cpu_seconds = medians(busy)
    first = next(iter(sides))
    pairs = visual.shape[1] * len(sides[first].bank)
    return [
        [
            name,
            pairs / seconds[name],
            seconds[first] / seconds[name],
            cpu_seconds[first] / cpu_seconds[name],
            (logits[name] - logits[first]).abs().max().item(),
        ]
        for name in sides
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Print a table for each number of threads.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    torch.manual_seed(0)
    clips, cells = (DEMO_CLIPS, DEMO_CELLS) if args.demo else (CLIPS, CELLS)
    if args.demo:
        model = ClipBERTInferencer('demo', device='cpu').model
    elif args.quick:
        model = build_clipbert(TINY_BERT, TINY_BACKBONE, 16).eval()
    else:
        model = build_clipbert().eval()
    bank = TextBank.from_tokens(
        draw_bank(CAPTIONS, args.texts, model.head.config.vocab_size)
    )
    visual = torch.randn(1, clips, cells, model.head.hidden_size)
    graph = head_graph(model.head, int8=True)
    for threads in args.threads:
        torch.set_num_threads(threads)
        print(machine_line(), end='\n\n')
        sides = make_sides(
            model, OnnxMatcher(model, graph), bank, args.bfloat16
        )
        print_table(
            f'{clips} clips, {args.texts} captions, {threads} threads',
            (
                'precision',
                'pairs/s',
                'ratio',
                'ratio of CPU time',
                'largest difference',
            ),
            compare(sides, visual, args.runs),
        )


if __name__ == '__main__':
    main()
