# Copyright (c) clipbert_mm contributors.
"""Command-line options of the quickstart."""

import argparse
from pathlib import Path

TASKS = {
    'retrieval': 'find the video that a text describes (the default)',
    'qa': 'answer questions about videos',
    'mc': 'choose the right one of five options',
    'pretrain': 'masked words and matching, on images',
    'easy-vqa': 'answer the questions of easy-VQA about drawn images, which '
    "pip install 'clipbert_mm[real-data]' brings",
}
# Suffix of the file that --out saves, by task.
OUT_SUFFIXES = {
    'retrieval': '.npz',
    'qa': '.json',
    'mc': '.json',
    'easy-vqa': '.json',
}
# Tasks that --query asks something.
ASKED_TASKS = ('retrieval', 'qa', 'easy-vqa')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options; ``work_dir`` is absolute.
    """
    parser = make_parser()
    args = parser.parse_args(argv)
    error = wrong_options(args)
    if error:
        parser.error(error)
    if args.work_dir is None:
        # A folder for each setting, so that no run replaces another.
        name = 'quickstart' + '_no_pretrain' * args.no_pretrain
        name += f'_seed{args.seed}' * (args.seed != 0)
        args.work_dir = Path('work_dirs') / name
    args.work_dir = args.work_dir.resolve()
    return args


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        description='Train, test and use a small ClipBERT.',
        epilog='Example: clipbert-mm quickstart --task qa',
    )
    add_task_options(parser)
    add_run_options(parser)
    return parser


def add_task_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what to do with a model.

    Args:
        parser (argparse.ArgumentParser): Parser to change.
    """
    parser.add_argument(
        '--task',
        choices=list(TASKS),
        default='retrieval',
        help='; '.join(f'{name}: {what}' for name, what in TASKS.items()),
    )
    parser.add_argument(
        '--query',
        help='retrieval: text to search the gallery for (default: the '
        'caption of its first video); qa and easy-vqa: question about the '
        'first test videos, or images',
    )
    parser.add_argument(
        '--top',
        type=int,
        default=8,
        help='number of videos on the contact sheet, or of videos or images '
        'that --query is asked about (default: 8)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FILE',
        help='save the whole score matrix with its ids (retrieval, .npz) or '
        'all answers (qa, mc and easy-vqa, .json) to this file',
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how, and where, to train.

    Args:
        parser (argparse.ArgumentParser): Parser to change.
    """
    parser.add_argument(
        '--work-dir',
        type=Path,
        help='folder for everything that is written (default: '
        './work_dirs/quickstart, with a folder of its own for each --seed '
        'and for --no-pretrain)',
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='seed of the corpus and of training (default: 0)',
    )
    parser.add_argument(
        '--no-pretrain',
        action='store_true',
        help='retrieval: pretrain for as many steps without masked language '
        'modelling, to see what it is worth',
    )
    parser.add_argument(
        '--skip-train',
        action='store_true',
        help='use the existing checkpoint in the work folder, whatever it '
        'was trained with; an error if there is none',
    )
    parser.add_argument(
        '--gpus',
        type=int,
        default=0,
        metavar='N',
        help='number of processes, one per GPU (default: 0, one process '
        'without torchrun)',
    )
    parser.add_argument(
        '--smoke',
        action='store_true',
        help='take few files and steps, to see that everything runs; the '
        'numbers then mean nothing',
    )
    parser.add_argument(
        '--json',
        action='store_true',
        help='print the result as one JSON document; the progress goes to '
        'standard error',
    )


def wrong_options(args: argparse.Namespace) -> str | None:
    """Return the reason why options are refused, or None.

    Args:
        args (argparse.Namespace): The options.

    Returns:
        str | None: A message.
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
    if not 0 <= args.seed < 2**32:
        return f'--seed must be from 0 to {2**32 - 1}, but got {args.seed}'
    if args.no_pretrain and args.task != 'retrieval':
        return (
            '--no-pretrain works with --task retrieval only, but got '
            f'{args.task}'
        )
    if args.query is not None and args.task not in ASKED_TASKS:
        return (
            f'--query works with --task {", ".join(ASKED_TASKS)} only, but '
            f'got {args.task}'
        )
    return None
