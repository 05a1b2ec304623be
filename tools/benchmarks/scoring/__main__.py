# Copyright (c) clipbert_mm contributors.
"""Compare all-pairs scoring with the original implementation's way.

Both sides have the same random weights, clips, texts and threads, and their
logits are compared. Our scorer is also compared with its matrix products
alone. A pair is one text with one clip::

    python -m tools.benchmarks.scoring
    python -m tools.benchmarks.scoring --device cuda

On a CPU, a clip has one frame and the original's mini-batch 32 texts, instead
of 2 and 64: half of both keeps the CNN's fraction of the work.
"""

import argparse

import torch

from clipbert_mm.models.pair_scorer import AUTOCAST_DTYPES
from tools.benchmarks.harness import add_common_options, machine_line

from .case import CAPTIONS, PARAGRAPHS, Case, Sizes
from .tables import compare, print_comparisons, print_line, print_processes

CPU_SIZES = dict(texts=64, clips=1, frames=1, mini_batch=32, token_budget=2048)
GPU_SIZES = dict(
    texts=1000, clips=16, frames=2, mini_batch=64, token_budget=65536
)
QUICK_SIZES = dict(texts=8, clips=1, frames=1, mini_batch=4, token_budget=200)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of this
            process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description="Compare scoring with the original implementation's way."
    )
    for name, text in dict(
        texts='number of captions; there are half as many paragraphs',
        clips='clips of the video',
        frames='frames of a clip',
        mini_batch='texts for which the original runs the CNN once',
        token_budget='tokens of a batch of ours',
    ).items():
        parser.add_argument(
            f'--{name.replace("_", "-")}',
            type=int,
            help=f'{text} (default: {CPU_SIZES[name]} on a CPU, '
            f'{GPU_SIZES[name]} on a GPU)',
        )
    parser.add_argument(
        '--autocast',
        choices=sorted(AUTOCAST_DTYPES),
        help='precision of both sides (default: float32)',
    )
    add_common_options(parser)
    args = parser.parse_args(argv)
    sizes = GPU_SIZES if args.device == 'cuda' else CPU_SIZES
    for name, value in (QUICK_SIZES if args.quick else sizes).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
        least = 8 if name == 'texts' else 1
        if getattr(args, name) < least:
            parser.error(
                f'--{name.replace("_", "-")} must be an integer >= {least}, '
                f'but got {getattr(args, name)}.'
            )
    if args.quick:
        args.runs = 1
    return args


def main(argv: list[str] | None = None) -> None:
    """Print all tables.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of this
            process.
    """
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
    case.scoring(case.bank(CAPTIONS, 2))()  # the warm-up
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
