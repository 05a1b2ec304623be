# Copyright (c) clipbert_mm contributors.
r"""Convert the official annotation files of a dataset.

Each dataset has options of its own: the files that its authors publish.

Example:
    clipbert-mm convert msrvtt --help
    clipbert-mm convert msrvtt qa --train train_qa.json --val val_qa.json \
        --test test_qa.json --out data/msrvtt/annotations
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from .program_name import program_name

DATASETS = (
    'activitynet',
    'coco_vg',
    'didemo',
    'easy_vqa',
    'emoji',
    'image_retrieval',
    'msrvtt',
    'tgif_qa',
    'vqa',
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('dataset', choices=DATASETS)
    parser.add_argument(
        'arguments',
        nargs=argparse.REMAINDER,
        help='options of the converter; DATASET --help lists them',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter of a dataset.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None, those of the
            process.

    Returns:
        int: 0, or 1 if a file cannot be converted.
    """
    args = parse_args(argv)
    module = f'clipbert_mm.annotations.official.{args.dataset}'
    with program_name(f'{sys.argv[0]} {args.dataset}'):
        return import_module(module).main(args.arguments)


if __name__ == '__main__':
    sys.exit(main())
