# Copyright (c) clipbert_mm contributors.
"""The command line of the quickstart."""

import argparse
from pathlib import Path

from .stages import IS_CHECKOUT, ROOT

TASKS = {
    'retrieval': 'find the video of a text (the default)',
    'qa': 'answer questions about videos',
    'mc': 'choose the right one of five options',
    'pretrain': 'masked words and matching, on images',
}
# What --out saves of a task, by its ending.
OUT_SUFFIXES = dict(retrieval='.npz', qa='.json', mc='.json')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Train, test and use a small ClipBERT.'
    )
    parser.add_argument(
        '--task',
        choices=list(TASKS),
        default='retrieval',
        help='; '.join(f'{name}: {what}' for name, what in TASKS.items()),
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        help='folder of everything that is written; by default '
        'work_dirs/quickstart, and one beside it for each --seed and for '
        '--no-pretrain',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='of corpus and training'
    )
    parser.add_argument(
        '--query',
        help='retrieval: text to search the gallery for, by '
        'default the caption of its first video; qa: question about the '
        'first test videos',
    )
    parser.add_argument(
        '--top',
        type=int,
        default=8,
        help='videos on the contact sheet, or that --query is asked about',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FILE',
        help='save the whole score matrix with its ids (retrieval, .npz) or '
        'all answers (qa and mc, .json) here',
    )
    parser.add_argument(
        '--no-pretrain',
        action='store_true',
        help='retrieval: as many steps without masked language modelling, to '
        'see what pretraining is worth',
    )
    parser.add_argument(
        '--skip-train',
        action='store_true',
        help='use the checkpoint in the work folder, whatever it was trained '
        'with, and end with an error if there is none',
    )
    parser.add_argument(
        '--gpus',
        type=int,
        default=0,
        metavar='N',
        help='processes, one per GPU; 0 (the default) is one process without '
        'torchrun',
    )
    parser.add_argument(
        '--smoke',
        action='store_true',
        help='few files and steps, to see that everything runs; the numbers '
        'then mean nothing',
    )
    args = parser.parse_args(argv)
    error = wrong_options(args)
    if error:
        parser.error(error)
    if args.work_dir is None:
        # A run of its own for each setting: none replaces another.
        name = 'quickstart' + '_no_pretrain' * args.no_pretrain
        name += f'_seed{args.seed}' * (args.seed != 0)
        root = ROOT if IS_CHECKOUT else Path()
        args.work_dir = root / 'work_dirs' / name
    args.work_dir = args.work_dir.resolve()
    return args


def wrong_options(args: argparse.Namespace) -> str | None:
    """What is wrong with the options, if anything.

    Args:
        args (argparse.Namespace): The options.
    """
    if args.out is not None:
        suffix = OUT_SUFFIXES.get(args.task)
        if suffix is None:
            return f'--task {args.task} has nothing to save with --out'
        if args.out.suffix != suffix:
            return f'--out must end in {suffix}, but got {args.out}'
    if args.top < 1 or args.gpus < 0:
        return (
            '--top must be >= 1 and --gpus >= 0, but got '
            f'{args.top} and {args.gpus}'
        )
    if args.no_pretrain and args.task != 'retrieval':
        return f'--no-pretrain is for --task retrieval, but got {args.task}'
    if args.query is not None and args.task not in ('retrieval', 'qa'):
        return f'--query is for --task retrieval or qa, but got {args.task}'
    return None
