# Copyright (c) clipbert_mm contributors.
"""Tables of the benchmark of loading: scaling, steps and data loaders."""

import argparse
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from mmaction.registry import MODELS
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from tools.benchmarks.harness import (
    alternate,
    medians,
    print_table,
    synchronize,
)

from .case import LoaderCase
from .sides import (
    VideoItems,
    available_decoders,
    build_steps,
    resized_after,
    scaled_in_decoder,
)


def print_scaling(case: LoaderCase, args: argparse.Namespace) -> None:
    """Print the gain from scaling in the decoder, and the pixels' change.

    Args:
        case (LoaderCase): Videos and pipeline.
        args (argparse.Namespace): Options with ``runs``.
    """
    size = next(
        step['size']
        for step in case.steps()
        if step['type'] == 'ResizeLongSide'
    )
    case = case._replace(num_clips=1)
    rows: list[tuple] = []
    for path in (case.small[0], case.large[0]):
        for decoder in available_decoders():
            after, inside = (
                partial(way, case, path, decoder, size)
                for way in (resized_after, scaled_in_decoder)
            )
            seconds = medians(
                alternate(dict(after=after, inside=inside), args.runs)
            )
            change = np.abs(after().astype(np.int16) - inside())
            rows.append(
                (
                    path.stem,
                    decoder,
                    1e3 * seconds['after'],
                    1e3 * seconds['inside'],
                    seconds['after'] / seconds['inside'],
                    float(change.mean()),
                    int(change.max()),
                )
            )
    print_table(
        f'One clip: LoadVideo(decode_size={size}) against ResizeLongSide '
        'afterwards',
        (
            'video',
            'decoder',
            'ms afterwards',
            'ms in decoder',
            'ratio',
            'mean change of 255',
            'largest',
        ),
        rows,
    )


def print_steps(case: LoaderCase, args: argparse.Namespace) -> None:
    """Print the time of each step of the pipeline.

    Args:
        case (LoaderCase): Videos and pipeline.
        args (argparse.Namespace): Options with ``runs`` and ``device``.
    """
    preprocess = MODELS.build(case.cfg.model.data_preprocessor)
    preprocess.to(args.device)
    columns = []
    for path in (case.small[0], case.large[0], case.compressed[0]):
        spent: dict[str, list[float]] = defaultdict(list)
        for run in range(args.runs + 1):
            for name, value in _time_steps(
                case, path, preprocess, args.device
            ).items():
                if run:
                    spent[name].append(1e3 * value)
        columns.append({name: median(runs) for name, runs in spent.items()})
    rows: list[tuple] = [
        (name, *(column[name] for column in columns)) for name in columns[0]
    ]
    rows.append(('sum', *(sum(column.values()) for column in columns)))
    print_table(
        'Where the time goes: ms for each video',
        ('step', 'small', 'large', 'large after compress.py'),
        rows,
    )


def _time_steps(
    case: LoaderCase, path: Path, preprocess: Any, device: str
) -> dict[str, float]:
    """Time each step for one video, in seconds."""
    spent = {}
    data: Any = case.items([path])[0]
    steps = build_steps(case.steps())
    steps += [
        ('collate', lambda item: pseudo_collate([item])),
        ('preprocessor, on the device', preprocess),
    ]
    for name, step in steps:
        start = time.perf_counter()
        data = step(data)
        synchronize(device)
        spent[name] = time.perf_counter() - start
    return spent


def print_loaders(case: LoaderCase, args: argparse.Namespace) -> None:
    """Print the rate of data loaders.

    Args:
        case (LoaderCase): Videos and pipeline.
        args (argparse.Namespace): Options with ``workers``, ``runs`` and
            ``device``.
    """
    sides = {}
    for decoder in available_decoders():
        data = VideoItems(case, decoder)
        for workers in args.workers:
            loader = DataLoader(
                data,
                batch_size=case.cfg.train_dataloader.batch_size,
                num_workers=workers,
                persistent_workers=workers > 0,
                pin_memory=args.device == 'cuda',
                collate_fn=pseudo_collate,
            )
            sides[f'{decoder}, {workers}'] = partial(_drain, loader)
    seconds = medians(alternate(sides, args.runs))
    rows = [
        (
            *name.split(', '),
            len(data) / value,
            len(data) * case.num_clips / value,
        )
        for name, value in seconds.items()
    ]
    print_table(
        f'Data loaders: {case.num_clips} clips of {case.kinds[0]}, batches '
        f'of {case.cfg.train_dataloader.batch_size}',
        ('decoder', 'workers', 'videos/s', 'clips/s'),
        rows,
    )


def _drain(loader: DataLoader) -> None:
    for _ in loader:
        pass
