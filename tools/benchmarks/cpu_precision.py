# Copyright (c) clipbert_mm contributors.
"""Compare the precisions of a CPU: pairs of clip and text, and frames, per s.

BERT-base with random weights scores one video of 16 clips against captions,
as `clipbert_msrvtt_ret` tests, and its ResNet-50 encodes clips of two frames
of 448 pixels. All sides of a part take turns in one process::

    python -m tools.benchmarks.cpu_precision --threads 1 2
    python -m tools.benchmarks.cpu_precision --demo --texts 100 --encoded 32
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.models.onnx.activation_ranges import activation_ranges
from clipbert_mm.models.onnx.grid_graph import grid_graph
from clipbert_mm.models.onnx.head_graph import head_graph
from clipbert_mm.models.onnx.onnx_matcher import TOKENS_AT_ONCE, OnnxMatcher
from clipbert_mm.models.pair_scorer import PairMatcher, PairScorer
from clipbert_mm.models.text_bank import TextBank

from .harness import alternate, machine_line, medians, print_table
from .scoring.case import CAPTIONS, TINY_BACKBONE, TINY_BERT, draw_bank
from .scoring.reference_scoring import build_clipbert

CLIPS = 16  # of clipbert_msrvtt_ret
PIXELS = 448  # side of its frames
DEMO_CLIPS = 4  # of the demo model
DEMO_PIXELS = 64
FRAMES = 2  # of a clip, of both
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
        description='Compare the precisions of a CPU.'
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
        '--encoded',
        type=int,
        default=4,
        help='clips that the CNN encodes (default: %(default)s)',
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


Side = Callable[[], Tensor]


def scoring_sides(
    model: PairMatcher,
    matcher: PairMatcher,
    bank: TextBank,
    visual: Tensor,
    bfloat16: bool,
) -> dict[str, Side]:
    """Return the ways of BERT to score pairs.

    Args:
        model (PairMatcher): Model in single precision.
        matcher (PairMatcher): The same in ONNX Runtime, quantised.
        bank (TextBank): Captions.
        visual (Tensor): Visual tokens, ``(1, C, V, D)``.
        bfloat16 (bool): Add a scorer in bfloat16.

    Returns:
        dict[str, Side]: Functions that return the logits, by name.
    """
    small = f'float32, {TOKENS_AT_ONCE} tokens at a time'
    scorers = {
        'float32': PairScorer(model, bank, TOKEN_BUDGET),
        small: PairScorer(model, bank, TOKENS_AT_ONCE),
        'int8, ONNX Runtime': PairScorer(matcher, bank, TOKEN_BUDGET),
    }
    if bfloat16:
        scorers['bfloat16'] = PairScorer(model, bank, TOKEN_BUDGET, 'bfloat16')
    return {
        name: partial(scorer.clip_logits, visual)
        for name, scorer in scorers.items()
    }


def encoding_sides(
    model: Any, head: bytes, bank: TextBank, frames: Tensor
) -> dict[str, Side]:
    """Return the ways of the CNN to encode clips.

    Args:
        model (Any): ClipBERT in evaluation mode.
        head (bytes): ONNX model of its head.
        bank (TextBank): Captions, which a scorer needs.
        frames (Tensor): Frames, ``(1, C, 3, T, H, W)``.

    Returns:
        dict[str, Side]: Functions that return the visual tokens, by name.
    """
    ranges = activation_ranges(model, frames[:, :1])
    matchers: dict[str, PairMatcher] = {'float32': model}
    for precision, known in (('float32', None), ('int8', ranges)):
        grid = grid_graph(model, ranges=known)
        name = f'{precision}, ONNX Runtime'
        matchers[name] = OnnxMatcher(model, head, grid)
    return {
        name: partial(
            PairScorer(matcher, bank, TOKEN_BUDGET).encode_clips, frames
        )
        for name, matcher in matchers.items()
    }


def compare(
    unit: str, sides: dict[str, Side], number: int, runs: int
) -> list[list]:
    """Time the sides of a part and compare their results.

    Args:
        unit (str): Name of what is done.
        sides (dict[str, Side]): Functions to time, by name.
        number (int): How many units a call does.
        runs (int): Number of timed runs of each.

    Returns:
        list[list]: Rows of a table: unit, name, units per second, ratio to
        the first, the same of CPU time, which other programs change little,
        largest difference from its results.
    """
    results: dict[str, Tensor] = {}
    busy: dict[str, list[float]] = {name: [] for name in sides}

    def timed(name: str) -> Callable[[], None]:
        def run() -> None:
            start = time.process_time()
            results[name] = sides[name]()
            busy[name].append(time.process_time() - start)

        return run

    seconds = medians(alternate({name: timed(name) for name in sides}, runs))
    cpu_seconds = medians(busy)
    first = next(iter(sides))
    return [
        [
            unit,
            name,
            number / seconds[name],
            seconds[first] / seconds[name],
            cpu_seconds[first] / cpu_seconds[name],
            (results[name] - results[first]).abs().max().item(),
        ]
        for name in sides
    ]


def build(args: argparse.Namespace) -> tuple[Any, int, int]:
    """Return the model, its clips and the side of its frames.

    Args:
        args (argparse.Namespace): Result of :func:`parse_args`.

    Returns:
        tuple[Any, int, int]: ClipBERT in evaluation mode, clips of a video,
        pixels.
    """
    if args.demo:
        model = ClipBERTInferencer('demo', device='cpu').model
        return model, DEMO_CLIPS, DEMO_PIXELS
    if args.quick:
        return build_clipbert(TINY_BERT, TINY_BACKBONE, 16), CLIPS, 64
    return build_clipbert(), CLIPS, PIXELS


def main(argv: Sequence[str] | None = None) -> None:
    """Print a table for each number of threads.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    torch.manual_seed(0)
    model, clips, pixels = build(args)
    bank = TextBank.from_tokens(
        draw_bank(CAPTIONS, args.texts, model.head.config.vocab_size)
    )
    frames = torch.randn(1, args.encoded, 3, FRAMES, pixels, pixels)
    cells = PairScorer(model, bank, 1).encode_clips(frames[:, :1]).shape[2]
    visual = torch.randn(1, clips, cells, model.head.hidden_size)
    head = head_graph(model.head, int8=True)
    for threads in args.threads:
        torch.set_num_threads(threads)
        print(machine_line(), end='\n\n')
        matcher = OnnxMatcher(model, head)
        scoring = scoring_sides(model, matcher, bank, visual, args.bfloat16)
        encoding = encoding_sides(model, head, bank, frames)
        print_table(
            f'{clips} clips, {args.texts} captions, {args.encoded} clips to '
            f'encode, {threads} threads',
            (
                'unit',
                'precision',
                'units/s',
                'ratio',
                'ratio of CPU time',
                'largest difference',
            ),
            compare('pair', scoring, clips * args.texts, args.runs)
            + compare('frame', encoding, FRAMES * args.encoded, args.runs),
        )


if __name__ == '__main__':
    main()
