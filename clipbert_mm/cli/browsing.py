# Copyright (c) clipbert_mm contributors.
"""Sheets of the items of a split, as a model is fed them."""

import argparse
import os.path as osp
from collections.abc import Iterator
from typing import Any

from mmaction.registry import DATASETS

from clipbert_mm.datasets import ConcatTextDataset
from clipbert_mm.datasets.base_text_dataset import BaseTextDataset
from clipbert_mm.engine.clip_predictions import clips_of
from clipbert_mm.engine.sheet_scores import spread
from clipbert_mm.visualization.clip_sheet import Line, draw_clip_sheet, note
from clipbert_mm.visualization.item_lines import item_lines
from clipbert_mm.visualization.sheet_files import safe_name, save_sheet

from .data_check import ConfigError, read_config

_WARNING = '#b03020'


def open_dataset(args: argparse.Namespace) -> tuple[Any, int]:
    """Build the dataset of a split.

    Args:
        args (argparse.Namespace): Command line of :func:`.browse.parse_args`.

    Returns:
        tuple[Any, int]: Dataset, and seed of the draws of its items.

    Raises:
        ConfigError: If the config cannot be read or lacks the split.
        OSError: If a file of the dataset cannot be read.
        ValueError: If an annotation file or the config is wrong.
    """
    cfg = read_config(args)
    loader = cfg.get(f'{args.split}_dataloader')
    if loader is None:
        raise ConfigError(
            f'{args.config} has no {args.split}_dataloader. Choose another '
            '--split.'
        )
    dataset = DATASETS.build(loader.dataset)
    if not isinstance(dataset, (BaseTextDataset, ConcatTextDataset)):
        raise ConfigError(
            f'The dataset of {args.split}_dataloader must be one of '
            f'clipbert_mm, but is {type(dataset).__name__}. For others there '
            "is MMAction2's tools/visualizations/browse_dataset.py."
        )
    return dataset, (cfg.get('randomness') or {}).get('seed') or 0


def draw_items(
    dataset: Any, seed: int, args: argparse.Namespace
) -> Iterator[tuple[str, str | Exception]]:
    """Draw some items of a dataset, spread over it.

    Args:
        dataset (Any): Dataset of this package.
        seed (int): Seed of the draws of its items.
        args (argparse.Namespace): Command line of :func:`.browse.parse_args`.

    Yields:
        tuple[str, str | Exception]: Name of an item, and the path of its
        sheet or the reason why there is none.
    """
    for index in spread(len(dataset), args.number):
        name = f'{args.split}_{index:06d}'
        try:
            yield name, _draw(dataset, (seed, 0, index), name, args)
        except Exception as error:  # of any file and any transform
            yield name, error


def _draw(
    dataset: Any,
    idx: tuple[int, int, int],
    name: str,
    args: argparse.Namespace,
) -> str:
    wanted = dataset.get_data_info(idx)
    item = dataset[idx]
    clips = clips_of(item)
    meta = item['data_samples'].metainfo
    found = meta.get('video_id', wanted['video_id'])
    lines = [note(f'{name}: {found}')]
    if found != wanted['video_id']:
        lines.append(
            Line(f'instead of {wanted["filename"]}, unreadable', _WARNING)
        )
    number, length, height, width = clips.shape[:4]
    lines += [
        note(f'{key}: {value}')
        for key, value in sorted(meta.items())
        if key != 'video_id'
    ]
    lines.append(
        note(f'clips: {number} of {length} frames of {width} x {height}')
    )
    sheet = draw_clip_sheet(
        [*lines, *item_lines(item, dataset)],
        clips,
        frame_size=args.frame_size,
    )
    path = osp.join(args.out, f'{safe_name(f"{name}_{found}")}.png')
    save_sheet(path, sheet)
    return path
