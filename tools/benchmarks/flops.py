# Copyright (c) clipbert_mm contributors.
"""Floating-point operations of a config: CNN, neck, pairs, the whole test.

Nothing is computed and no weights or data are needed. One multiply-accumulate
counts as two operations::

    python -m tools.benchmarks.flops clipbert_msrvtt_ret --tokens 12
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from transformers import BertConfig

from clipbert_mm.gallery.cost import clip_cost, pair_flops, scoring_cost
from clipbert_mm.utils.config_files import find_config

from .harness import print_table
from .scoring.reference_scoring import reference_flops


class TestSizes(NamedTuple):
    """Sizes of a config's test."""

    num_clips: int
    clip_len: int  # T
    img_size: int
    max_txt_len: int


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Count operations')
    parser.add_argument(
        'config', help='path of a config, or name of one that is shipped'
    )
    parser.add_argument('--videos', type=int, default=1000)
    parser.add_argument(
        '--texts',
        type=int,
        help='that every video meets (default: 1000 in retrieval, else its '
        'own options or its question)',
    )
    parser.add_argument(
        '--tokens',
        type=int,
        help="of a text; by default the config's max_txt_len, which the "
        'original implementation pads every text to',
    )
    args = parser.parse_args(argv)
    for name in ('videos', 'texts', 'tokens'):
        value = getattr(args, name)
        if value is not None and value < 1:
            parser.error(f'--{name} must be at least 1, but got {value}')
    return args


def read_sizes(cfg: Config) -> TestSizes:
    """Sizes in the test pipeline of a config.

    Args:
        cfg (Config): With ``test_dataloader`` or ``val_dataloader``.

    Returns:
        TestSizes: Of an image, one clip of one frame.

    Raises:
        ValueError: If the pipeline does not tell a size.
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
                f"No step of the test pipeline has '{key}'. Take a config "
                'whose pipeline resizes frames and tokenises texts.'
            )
    return TestSizes(
        found.get('num_clips', 1),
        found.get('clip_len', 1),
        found['size'],
        found['max_txt_len'],
    )


def build_without_weights(cfg: Config) -> Any:
    """The model of a config, with the shapes of its weights alone.

    Args:
        cfg (Config): With ``model``.

    Returns:
        ClipBERT: On PyTorch's meta device.
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
    """Texts that a video of the test meets.

    Args:
        task (Any): Of the model.

    Returns:
        int: A gallery's, a question's options, or one question.
    """
    if type(task).__name__ == 'RetrievalTask':
        return 1000
    return getattr(task, 'num_options', 1)


def giga(flops: float) -> str:
    """Operations in units of a thousand million."""
    return f'{flops / 1e9:,.2f}'


def print_costs(args: argparse.Namespace) -> None:
    """Print the table of a config.

    Args:
        args (argparse.Namespace): Of the command line.
    """
    cfg = Config.fromfile(find_config(args.config))
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
            model.head, num_texts, sizes.max_txt_len, cost.clip, cells
        )
    )
    rows = [
        [
            f'CNN, one frame of {shape[1]}x{shape[2]}',
            giga(clip.backbone / sizes.clip_len),
        ],
        [
            f'CNN and neck, one clip of {sizes.clip_len} frames',
            giga(cost.clip),
        ],
        [
            f'CNN and neck, one video of {sizes.num_clips} clips',
            giga(cost.clip * sizes.num_clips),
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
            f'the same as the original implementation does it (texts padded to '
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
