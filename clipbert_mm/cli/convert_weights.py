# Copyright (c) clipbert_mm contributors.
"""Convert published weights to ours and back, and export trained models.

Every format has a table that names each of its tensors; a report says what
became of them. No checkpoint is read in a way that runs code in it.

Published weights to a checkpoint that ClipBERT loads:
    python tools/convert_weights.py official clipbert.pt out.pth
    python tools/convert_weights.py detectron2 R-50.pth out.pth
    python tools/convert_weights.py resnet resnet50.pth out.pth
    python tools/convert_weights.py bert bert-base-uncased/ out.pth
    python tools/convert_weights.py tvp tvp-base/ out.pth

Our weights to the names of other programs:
    python tools/convert_weights.py official --reverse best.pth clipbert.pt
    python tools/convert_weights.py tvp --reverse best.pth tvp.safetensors
    python tools/convert_weights.py bert --reverse best.pth bert_folder/ \
--config work_dirs/qa/config.py --vocab bert-base-uncased/vocab.txt

A trained model to a folder that can be moved:
    python tools/convert_weights.py export CONFIG best.pth folder/
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mmengine.config import Config, DictAction

import clipbert_mm
from clipbert_mm.utils.config_files import find_config
from clipbert_mm.weights import (
    ConversionReport,
    bert_options,
    convert_bert,
    convert_detectron2,
    convert_image_resnet,
    convert_official,
    convert_tvp,
    export_model,
    load_checkpoint_file,
    load_model_directory,
    revert_bert,
    revert_official,
    revert_tvp,
    save_bert_directory,
    save_checkpoint_file,
)

FORMATS = {
    'official': 'a .pt file of the authors of ClipBERT, of any task',
    'detectron2': 'ResNet-50 of grid-feats-vqa (.pth) or detectron2 (.pkl)',
    'resnet': 'ResNet-50 of torchvision or MMAction2',
    'bert': 'a BERT of Hugging Face: directory, weight file or hub name',
    'tvp': 'a TVP of Hugging Face: directory, weight file or hub name '
    '(Intel/tvp-base)',
}
DIRECTORIES = ('bert', 'tvp')

CONVERTERS: dict[str, Callable] = dict(
    official=convert_official,
    detectron2=convert_detectron2,
    resnet=convert_image_resnet,
    bert=convert_bert,
    tvp=convert_tvp,
)
# The two ResNets have none: their weights are a start, and a backbone that
# was trained in ClipBERT computes nothing on its own.
REVERTERS: dict[str, Callable] = dict(
    official=revert_official, bert=revert_bert, tvp=revert_tvp
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(
        dest='command', required=True, metavar='COMMAND'
    )
    for name, text in FORMATS.items():
        add_format(
            commands.add_parser(name, help=text, description=text), name, text
        )
    text = (
        'a trained model as a folder: model.safetensors, config.py, tokenizer/'
    )
    add_export(commands.add_parser('export', help=text, description=text))
    args = parser.parse_args(argv)
    if args.command == 'bert' and args.reverse and args.config is None:
        parser.error(
            'bert --reverse needs --config, the config with which '
            'the model was trained: the weights do not tell the '
            'number of attention heads'
        )
    return args


def add_format(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """Add the options of a format."""
    parser.add_argument('input', help=text)
    parser.add_argument(
        'output', help='the .pth or .safetensors file to write'
    )
    parser.add_argument(
        '--strict',
        action=argparse.BooleanOptionalAction,
        default=True,
        help='fail on unknown, mis-shaped or missing tensors (default); '
        '--no-strict leaves them out and lists them',
    )
    parser.add_argument(
        '--quiet',
        action='store_true',
        help='print only the summary, the differences and the notes',
    )
    parser.set_defaults(reverse=False)
    if name in REVERTERS:
        parser.add_argument(
            '--reverse',
            action='store_true',
            help='from a checkpoint of ours to this format'
            + ('; output is then a folder' if name == 'bert' else ''),
        )
    if name == 'bert':
        parser.add_argument(
            '--heads',
            choices=('drop', 'pretrain'),
            default='drop',
            help='whether to keep the pretraining heads (default: drop)',
        )
        parser.add_argument(
            '--config', help='with --reverse: config of the model'
        )
        parser.add_argument(
            '--vocab', help='with --reverse: vocab.txt to put beside it'
        )


def add_export(parser: argparse.ArgumentParser) -> None:
    """Add the options of an export."""
    parser.add_argument(
        'config', help='path of a config, or name of one that is shipped'
    )
    parser.add_argument('checkpoint', help='checkpoint of the model')
    parser.add_argument('folder', help='folder to write, new or empty')
    parser.add_argument(
        '--without-task',
        action='store_true',
        help='leave out the classifier and the task, so that a model with '
        'other answers can start from it',
    )
    parser.add_argument(
        '--half',
        action='store_true',
        help='store matrices and kernels in half precision',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change the config, as in training',
    )


def load_config(path: str, options: dict | None = None) -> Config:
    """Read a config and merge options into it."""
    config = Config.fromfile(find_config(path))
    config.merge_from_dict(options or {})
    return config


def convert(args: argparse.Namespace) -> ConversionReport:
    """Read weights of a format, convert and save."""
    load = (
        load_model_directory
        if args.command in DIRECTORIES
        else load_checkpoint_file
    )
    heads = (args.heads,) if args.command == 'bert' else ()
    converted, report = CONVERTERS[args.command](
        load(args.input), *heads, args.strict
    )
    meta = dict(
        clipbert_mm_version=clipbert_mm.__version__,
        converted_from=Path(args.input).name,
        conversion=report.to_dict(),
    )
    save_checkpoint_file(converted, args.output, meta)
    return report


def revert(args: argparse.Namespace) -> ConversionReport:
    """Read weights of ours, convert and save."""
    heads = (args.heads,) if args.command == 'bert' else ()
    reverted, report = REVERTERS[args.command](
        load_checkpoint_file(args.input), *heads, args.strict
    )
    if args.command == 'bert':
        options = bert_options(load_config(args.config).model.head.bert)
        save_bert_directory(
            args.output, reverted, options, report.sizes, args.vocab
        )
    else:
        save_checkpoint_file(reverted, args.output)
    return report


def export(args: argparse.Namespace) -> str:
    """Export a model.

    Returns:
        str: What was written, in words.
    """
    tensors = export_model(
        load_config(args.config, args.cfg_options),
        args.checkpoint,
        args.folder,
        args.without_task,
        args.half,
    )
    size = sum(v.numel() * v.element_size() for v in tensors.values()) / 1e6
    return f'{len(tensors)} tensors, {size:.1f} MB'


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Returns:
        int: 0, or 1 when the input cannot be converted.
    """
    args = parse_args(argv)
    try:
        if args.command == 'export':
            text, output = export(args), args.folder
        else:
            report = (revert if args.reverse else convert)(args)
            text = report.to_text(verbose=not args.quiet)
            output = args.output
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(text)
    print(f'saved to {output}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
