# Copyright (c) clipbert_mm contributors.
"""Convert published weights to ours and back, and export trained models.

Every format has a table of all its tensors, and a report lists the fate of
each. Reading a checkpoint never runs code in it.

Published weights to a checkpoint of ClipBERT:
    python tools/convert_weights.py official clipbert.pt out.pth
    python tools/convert_weights.py detectron2 R-50.pth out.pth
    python tools/convert_weights.py resnet resnet50.pth out.pth
    python tools/convert_weights.py mobilenetv2 mobilenet_v2.pth out.pth
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
from typing import TYPE_CHECKING

import clipbert_mm
from clipbert_mm.utils.outputs import check_output_file, check_output_folder
from clipbert_mm.utils.printing import only_json, print_json

from .run_options import add_config

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.weights import ConversionReport

#: Description of each format, by the name of its command.
FORMATS = {
    'official': 'a .pt file of the authors of ClipBERT, of any task',
    'detectron2': 'ResNet-50 of grid-feats-vqa (.pth) or detectron2 (.pkl)',
    'resnet': 'ResNet-50 of torchvision or MMAction2',
    'mobilenetv2': "MobileNetV2 of torchvision, for MMAction2's backbone",
    'bert': 'a BERT of Hugging Face: directory, weight file or hub name',
    'tvp': 'a TVP of Hugging Face: directory, weight file or hub name '
    '(Intel/tvp-base)',
}
DIRECTORIES = ('bert', 'tvp')

EXPORT_EXAMPLE = (
    'Example: clipbert-mm export clipbert_msrvtt_ret '
    'work_dirs/clipbert_msrvtt_ret/epoch_20.pth exported'
)

NO_GRID = (
    'not written: only a ResNet50Grid with a GridEncoder has a graph. The CNN '
    'runs in PyTorch'
)

#: Formats with --reverse. A CNN trained in ClipBERT is no use on its own, so
#: the formats of CNNs are only read.
REVERSIBLE = ('official', 'bert', 'tvp')


def converters() -> dict[str, Callable]:
    """Return the function that converts each format to ours."""
    from clipbert_mm import weights

    return dict(
        official=weights.convert_official,
        detectron2=weights.convert_detectron2,
        resnet=weights.convert_image_resnet,
        mobilenetv2=weights.convert_image_mobilenetv2,
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
        'a trained model as a folder: model.safetensors, config.json, '
        'tokenizer/'
    )
    add_export(
        commands.add_parser(
            'export', help=text, description=text, epilog=EXPORT_EXAMPLE
        )
    )
    args = parser.parse_args(argv)
    if args.command == 'export':
        check_export(parser, args)
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
    add_config(parser)
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
        '--json',
        action='store_true',
        help='print one JSON document instead of a text',
    )
    parser.add_argument(
        '--onnx',
        action='store_true',
        help='also write BERT as head.onnx and the CNN as grid.onnx, in '
        'single precision',
    )
    parser.add_argument(
        '--int8',
        action='store_true',
        help='also write BERT as head.int8.onnx and the CNN as grid.onnx, for '
        "precision='int8'",
    )
    parser.add_argument(
        '--data',
        help='with --int8: captions of videos, to quantise the CNN as '
        'grid.int8.onnx and to compare both precisions',
    )
    parser.add_argument(
        '--videos', help='with --data: folder of the videos of the captions'
    )


def check_export(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> None:
    """Exit unless the options of an export fit together."""
    if args.without_task and (args.onnx or args.int8):
        parser.error('--onnx and --int8 need the task: drop --without-task')
    if bool(args.data) != bool(args.videos) or (args.data and not args.int8):
        parser.error('--data and --videos belong together, with --int8')


def check_output(args: argparse.Namespace) -> None:
    """Raise unless the result can be written, before weights are read."""
    if args.command == 'export':
        # The folder appears when it is complete.
        parent = Path(args.folder).absolute().parent
        check_output_folder('the folder to write', parent)
    elif args.reverse and args.command == 'bert':
        folder = Path(args.output).absolute()
        if folder.exists():
            check_output_folder('the folder to write', folder)
            weights = folder / 'model.safetensors'
            check_output_file(
                'the weights to write', weights, (), [args.input]
            )
        else:  # it appears with its files
            check_output_folder('the folder to write', folder.parent)
    else:
        source = Path(args.input)
        files = source.iterdir() if source.is_dir() else [source]
        check_output_file('the file to write', args.output, (), [*files])


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


def export(args: argparse.Namespace) -> dict:
    """Export a model and return the number and the bytes of its tensors."""
    from clipbert_mm.utils.config_loading import load_config
    from clipbert_mm.utils.extras import import_extra
    from clipbert_mm.weights import export_model

    if args.onnx or args.int8:  # before anything is written
        import_extra('onnx', 'onnx')

    tensors = export_model(
        load_config(args.config, args.cfg_options),
        args.checkpoint,
        args.folder,
        args.without_task,
        args.half,
    )
    size = sum(v.numel() * v.element_size() for v in tensors.values())
    found = dict(folder=args.folder, tensors=len(tensors), bytes=size)
    return found | export_graphs(args)


def export_graphs(args: argparse.Namespace) -> dict:
    """Write the ONNX graphs of an export, and compare the precisions."""
    from clipbert_mm.weights.onnx_files import GRID_FILES, write_graphs

    wanted = ['float32'] * args.onnx + ['int8'] * args.int8
    if not wanted:
        return {}
    paths = write_graphs(args.folder, *wanted)
    found: dict = {path.name: path.stat().st_size for path in paths}
    found.setdefault(GRID_FILES['float32'], None)
    if args.data:
        from clipbert_mm.apis.precision_comparison import compare_int8

        found['int8'] = compare_int8(args.folder, args.data, args.videos)
        rounded = Path(args.folder) / GRID_FILES['int8']
        if rounded.is_file():
            found[rounded.name] = rounded.stat().st_size
    return found


def describe_export(found: dict) -> str:
    """Return the lines about an export."""
    lines = [f'{found["tensors"]} tensors, {found["bytes"] / 1e6:.1f} MB']
    for name, value in found.items():
        if name.endswith('.onnx'):
            size = f'{value / 1e6:.1f} MB' if value else NO_GRID
            lines.append(f'{name}, {size}')
    return '\n'.join([*lines, *filter(None, [found.get('int8')])])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status, 1 for unusable input."""
    args = parse_args(argv)
    try:
        check_output(args)
        if args.command == 'export':
            with only_json(args.json):
                found = export(args)
            if args.json:
                print_json(found)
                return 0
            text = describe_export(found)
            output = args.folder
        else:
            report = (revert if args.reverse else convert)(args)
            text = report.to_text(verbose=not args.quiet)
            output = args.output
    except (ImportError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(text)
    print(f'saved to {output}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
