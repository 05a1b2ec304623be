# Copyright (c) clipbert_mm contributors.
"""Convert published weights to a checkpoint that ClipBERT loads.

Examples:
    python tools/convert_weights.py official clipbert.pt out.pth
    python tools/convert_weights.py detectron2 R-50.pth out.pth
    python tools/convert_weights.py bert bert-base-uncased/ out.pth
    python tools/convert_weights.py resnet resnet50.pth out.pth
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import torch

import clipbert_mm
from clipbert_mm.weights import (
    CheckpointFileError,
    ConversionError,
    ConversionReport,
    convert_bert,
    convert_detectron2,
    convert_image_resnet,
    convert_official,
    load_bert_directory,
    load_checkpoint_file,
)

FORMATS = {
    'official': 'a .pt file of the authors of ClipBERT, of any task',
    'detectron2': 'ResNet-50 of grid-feats-vqa (.pth) or detectron2 (.pkl)',
    'bert': 'a BERT directory of Hugging Face, or its weight file',
    'resnet': 'ResNet-50 of torchvision or MMAction2',
}


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Convert published weights, and report what became of '
        'every tensor.')
    formats = parser.add_subparsers(dest='format', required=True)
    for name, text in FORMATS.items():
        sub = formats.add_parser(name, help=text, description=text)
        sub.add_argument('input', help=text)
        sub.add_argument('output', help='the .pth file to write')
        sub.add_argument(
            '--strict',
            action=argparse.BooleanOptionalAction,
            default=True,
            help='fail on unknown, mis-shaped or missing tensors (default); '
            '--no-strict leaves them out and lists them')
        sub.add_argument(
            '--quiet',
            action='store_true',
            help='print only the summary, the differences and the notes')
        if name == 'bert':
            sub.add_argument(
                '--heads',
                choices=('drop', 'pretrain'),
                default='drop',
                help='whether to keep the pretraining heads (default: drop)')
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> ConversionReport:
    """Read, convert and save."""
    if args.format == 'bert':
        state = load_bert_directory(args.input)
        converted, report = convert_bert(state, args.heads, args.strict)
    else:
        converter = dict(
            official=convert_official,
            detectron2=convert_detectron2,
            resnet=convert_image_resnet)[args.format]
        state = load_checkpoint_file(args.input)
        converted, report = converter(state, args.strict)
    meta = dict(
        clipbert_mm_version=clipbert_mm.__version__,
        converted_from=Path(args.input).name,
        conversion=report.to_dict())
    Path(args.output).parent.mkdir(parents=True, exist_ok=True)
    # A copy of its own for each tensor, so that no file keeps the memory
    # of a larger one that a tensor was a view of.
    tensors = {k: v.clone().contiguous() for k, v in converted.items()}
    torch.save(dict(meta=meta, state_dict=tensors), args.output)
    return report


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the tool.

    Returns:
        int: 0, or 1 when the input cannot be converted.
    """
    args = parse_args(argv)
    try:
        report = convert(args)
    except (CheckpointFileError, ConversionError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(report.to_text(verbose=not args.quiet))
    print(f'saved to {args.output}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
