# Copyright (c) clipbert_mm contributors.
"""Count the floating-point operations of a config.

Nothing is computed, and neither weights nor data are needed. A multiply-
accumulate counts as two operations::

    python -m tools.benchmarks.flops clipbert_msrvtt_ret --tokens 12
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmaction.registry import MODELS
from mmengine.config import Config, DictAction
from transformers import BertConfig

from clipbert_mm.gallery.cost import clip_cost, pair_flops, scoring_cost
from clipbert_mm.utils.config_loading import load_config

from .harness import print_table
from .scoring.reference_scoring import reference_flops

GALLERY_TEXTS = 1000  # of MSR-VTT


class TestSizes(NamedTuple):
    """Sizes of a config's test."""

    num_clips: int  # C
    clip_len: int  # T
    img_size: int
    max_txt_len: int


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments. Defaults to None: those of this
            process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description='Count the operations of a config.'
    )
    parser.add_argument(
        'config', help='path of a config, or name of a shipped one'
    )
    parser.add_argument(
        '--videos',
        type=int,
        default=1000,
        help='number of videos (default: %(default)s)',
    )
    parser.add_argument(
        '--texts',
        type=int,
        help='number of texts that every video is paired with (default: 1000 '
        'in retrieval, else the options of a question, or the question)',
    )
    parser.add_argument(
        '--tokens',
        type=int,
        help="length of a text (default: the config's max_txt_len, which the "
        'original implementation pads every text to)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change the config, for example img_size=224',
    )
    args = parser.parse_args(argv)
    for name in ('videos', 'texts', 'tokens'):
        value = getattr(args, name)
        if value is not None and value < 1:
            parser.error(f'--{name} must be an integer >= 1, but got {value}.')
    return args


def read_sizes(cfg: Config) -> TestSizes:
    """Read the sizes from the test pipeline of a config.

    Args:
        cfg (Config): Config with ``test_dataloader`` or ``val_dataloader``.

    Returns:
        TestSizes: The sizes; an image counts as one clip of one frame.

    Raises:
        ValueError: If no step of the pipeline has a size.
    """
    loader = cfg.get('test_dataloader') or cfg.val_dataloader
    dataset = loader.dataset
    steps = [*dataset.pipeline, dataset.get('tokenize') or {}]
    found: dict[str, int] = {}
    for key in ('num_clips', 'clip_len', 'size', 'max_txt_len'):
        values = [step[key] for step in steps if key in step]
        if values:
            found[key] = values[-1]
        elif key in ('size', 'max_txt_len'):
            raise ValueError(
                f"No step of the test pipeline has '{key}'. Choose a config "
                'whose pipeline resizes frames and tokenises texts.'
            )
    return TestSizes(
        found.get('num_clips', 1),
        found.get('clip_len', 1),
        found['size'],
        found['max_txt_len'],
    )


def build_without_weights(cfg: Config) -> Any:
    """Build the model of a config without memory for its weights.

    Args:
        cfg (Config): Config with ``model``.

    Returns:
        Any: ClipBERT on PyTorch's meta device.
    """
    model = cfg.model.to_dict()
    bert = model['head'].get('bert', 'bert-base-uncased')
    if isinstance(bert, str):
        folder = Path(bert)
        bert = (
            BertConfig.from_pretrained(bert).to_diff_dict()
            if folder.is_dir()
            else {}
        )  # {}: the sizes of BERT-base
    model['head'].update(bert=bert, tokenizer=None)
    if model['task']['type'] == 'PretrainTask':
        model['task'].update(bert=bert)
    if 'vocabulary' in model['task']:
        count = model['head']['num_classes']
        model['task']['vocabulary'] = [str(i) for i in range(count)]
    for part in model.values():
        if isinstance(part, dict):
            part.pop('init_cfg', None)
    with torch.device('meta'):
        return MODELS.build(model).eval()


def default_texts(task: Any) -> int:
    """Return the number of texts that a video is paired with.

    Args:
        task (Any): Task of the model.

    Returns:
        int: Texts of a gallery, options of a question, or one question.
    """
    if task.num_options is not None:
        return task.num_options
    return GALLERY_TEXTS if task.answered_by == 'choose' else 1


def giga(flops: float) -> str:
    """Format operations in units of 10^9.

    Args:
        flops (float): Number of operations.

    Returns:
        str: The rounded number.

    Example:
        >>> giga(1_234_567_890_000)
        '1,234.57'
    """
    return f'{flops / 1e9:,.2f}'


def print_costs(args: argparse.Namespace) -> None:
    """Print the table of a config.

    Args:
        args (argparse.Namespace): Options of the command line.
    """
    cfg = load_config(args.config, args.cfg_options)
    sizes, model = read_sizes(cfg), build_without_weights(cfg)
    tokens = args.tokens or sizes.max_txt_len
    num_texts = args.texts or default_texts(model.task)
    shape = (sizes.clip_len, sizes.img_size, sizes.img_size)
    clip = clip_cost(model, shape)
    lengths = torch.full((num_texts,), tokens)
    cost = scoring_cost(model, lengths, args.videos, sizes.num_clips, shape)
    cells = clip.num_cells
    reference = (
        args.videos
        * sizes.num_clips
        * reference_flops(
            model.head, num_texts, sizes.max_txt_len, cost.clip_flops, cells
        )
    )
    rows = [
        [
            f'CNN, one frame of {shape[1]}x{shape[2]}',
            giga(clip.backbone_flops / sizes.clip_len),
        ],
        [
            f'CNN and neck, one clip of {sizes.clip_len} frames',
            giga(cost.clip_flops),
        ],
        [
            f'CNN and neck, one video of {sizes.num_clips} clips',
            giga(cost.clip_flops * sizes.num_clips),
        ],
        [
            f'pair of {tokens} text and {cells} visual tokens, [CLS] alone '
            'in the last layer',
            giga(pair_flops(model.head, tokens, cells)),
        ],
        [
            'the same, all tokens in the last layer',
            giga(pair_flops(model.head, tokens, cells, cls_only=False)),
        ],
        ['the whole test', giga(cost.flops)],
        [
            'the same in the original implementation (texts padded to '
            f'{sizes.max_txt_len}, CNN for every 64 texts, all tokens)',
            giga(reference),
        ],
    ]
    print_table(f'{args.config}: operations in 10^9', ['part', 'GFLOPs'], rows)
    print(
        f'{cost.describe()}; the original implementation needs '
        f'{reference / cost.flops:.2f} times as many.'
    )


if __name__ == '__main__':
    print_costs(parse_args())
