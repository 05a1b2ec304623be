# Copyright (c) clipbert_mm contributors.
"""Convert published weights to ours and back, and export trained models.

Every format has a table of all its tensors, and a report lists the fate of
each. Reading a checkpoint never runs code in it.

Published weights to a checkpoint of ClipBERT:
    python tools/convert_weights.py official clipbert.pt out.pth
    python tools/convert_weights.py detectron2 R-50.pth out.pth
    python tools/convert_weights.py resnet resnet50.pth out.pth
    python tools/convert_weights.py bert bert-base-uncased/ out.pth
    python tools/convert_weights.py tvp tvp-base/ out.pth

A checkpoint of ClipBERT to the names of other programs:
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
from typing import TYPE_CHECKING, Any

import clipbert_mm

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.weights import ConversionReport

#: Description of each format, by the name of its command.
FORMATS = {
    'official': 'a .pt file of the authors of ClipBERT, of any task',
    'detectron2': 'ResNet-50 of grid-feats-vqa (.pth) or detectron2 (.pkl)',
    'resnet': 'ResNet-50 of torchvision or MMAction2',
    'bert': 'a BERT of Hugging Face: directory, weight file or hub name',
    'tvp': 'a TVP of Hugging Face: directory, weight file or hub name '
    '(Intel/tvp-base)',
}
DIRECTORIES = ('bert', 'tvp')

#: Formats with --reverse. A ResNet-50 trained in ClipBERT is no use on its
#: own, so the two formats of ResNets are only read.
REVERSIBLE = ('official', 'bert', 'tvp')


def converters() -> dict[str, Callable]:
    """Return the function that converts each format to ours."""
    from clipbert_mm import weights

    return dict(
        official=weights.convert_official,
        detectron2=weights.convert_detectron2,
        resnet=weights.convert_image_resnet,
        bert=weights.convert_bert,
        tvp=weights.convert_tvp,
    )


def reverters() -> dict[str, Callable]:
    """Return the function that converts ours to each format."""
    from clipbert_mm import weights

    return dict(
        official=weights.revert_official,
        bert=weights.revert_bert,
        tvp=weights.revert_tvp,
    )


class ConfigOptions(argparse.Action):
    """MMEngine's ``DictAction``, imported when the option is used."""

    def __call__(self, parser: Any, *arguments: Any) -> None:
        """Read ``KEY=VALUE`` pairs into a dict."""
        from mmengine.config import DictAction

        DictAction(self.option_strings, self.dest)(parser, *arguments)


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
            'bert --reverse needs --config, the config of the training of the '
            'model: the number of attention heads is not in the weights'
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
        help='fail if any tensor is unknown, missing or of another shape '
        '(default); --no-strict leaves it out and lists it',
    )
    parser.add_argument(
        '--quiet',
        action='store_true',
        help='print only the summary, the differences and the notes',
    )
    parser.set_defaults(reverse=False)
    if name in REVERSIBLE:
        parser.add_argument(
            '--reverse',
            action='store_true',
            help='convert a checkpoint of ClipBERT to this format'
            + ('; the output is then a folder' if name == 'bert' else ''),
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
            '--vocab',
            help='with --reverse: vocab.txt to copy next to the weights',
        )


def add_export(parser: argparse.ArgumentParser) -> None:
    """Add the options of an export."""
    parser.add_argument(
        'config', help='path of a config, or name of a shipped one'
    )
    parser.add_argument('checkpoint', help='checkpoint of the model')
    parser.add_argument('folder', help='folder to write, new or empty')
    parser.add_argument(
        '--without-task',
        action='store_true',
        help='leave out the classifier and the task, so that a model with '
        'other answers can start from the rest',
    )
    parser.add_argument(
        '--half',
        action='store_true',
        help='store matrices and kernels in half precision',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptions,
        metavar='KEY=VALUE',
        help='change the config, as in training',
    )


def convert(args: argparse.Namespace) -> 'ConversionReport':
    """Convert weights of a format to ours and save them."""
    from clipbert_mm.weights import (
        load_checkpoint_file,
        load_model_directory,
        save_checkpoint_file,
    )

    load = (
        load_model_directory
        if args.command in DIRECTORIES
        else load_checkpoint_file
    )
    heads = (args.heads,) if args.command == 'bert' else ()
    converted, report = converters()[args.command](
        load(args.input), *heads, args.strict
    )
    meta = dict(
        clipbert_mm_version=clipbert_mm.__version__,
        converted_from=Path(args.input).name,
        conversion=report.to_dict(),
    )
    save_checkpoint_file(converted, args.output, meta)
    return report


def revert(args: argparse.Namespace) -> 'ConversionReport':
    """Convert our weights to a format and save them."""
    from clipbert_mm.utils.config_loading import load_config
    from clipbert_mm.weights import (
        bert_options,
        load_checkpoint_file,
        save_bert_directory,
        save_checkpoint_file,
    )

    heads = (args.heads,) if args.command == 'bert' else ()
    reverted, report = reverters()[args.command](
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
    """Export a model and return the number and the size of its tensors."""
    from clipbert_mm.utils.config_loading import load_config
    from clipbert_mm.weights import export_model

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
    """Run the command and return its exit status, 1 for unusable input."""
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
