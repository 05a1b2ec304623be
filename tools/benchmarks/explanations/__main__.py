# Copyright (c) clipbert_mm contributors.
"""Measure explanations where the truth is known: in drawn videos.

The model is the demo model, the videos are those of the quickstart's gallery,
of which it has seen none, with their captions. Does the peak of a map lie in
the box of the figure that the caption names? And how fast does the score fall
while cells of the frames are hidden, the most relevant first, in random
orders, or the most relevant last::

    python -m tools.benchmarks.explanations
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.apis.relevance_maps import METHODS, grid_shape
from clipbert_mm.apis.video_text_model import VideoTextModel
from tools.benchmarks.harness import machine_line, print_table

from .deletion import area, deletion_curve, relevance_order
from .videos import DrawnVideo, figure_mask, write_videos

HEADER = (
    'method',
    'peak in the figure, %',
    'area of the figure, %',
    'relevant first',
    'random order',
    'lowest of the random orders',
    'relevant last',
    'below random, % of videos',
    'CPU s per explanation',
)


class Measured(NamedTuple):
    """Measurements of one video and one method."""

    hit: bool  # whether the peak lies in the figure
    chance: float  # area of the figure, fraction of the frame
    first: float  # area under the curve, most relevant cells first
    last: float  # the same, most relevant cells last
    seconds: float  # of the CPU, as other programs may run meanwhile


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(
        description='Measure explanations where the truth is known.'
    )
    for name, default, text in (
        ('videos', 100, 'videos to explain'),
        ('orders', 5, 'random orders of each video'),
        ('steps', 8, 'steps of a deletion curve'),
        ('threads', 1, 'threads of torch'),
    ):
        parser.add_argument(
            f'--{name}',
            type=int,
            default=default,
            help=f'{text} (default: %(default)s)',
        )
    args = parser.parse_args(argv)
    for name, value in vars(args).items():
        if value < 1:
            parser.error(f'--{name} must be an integer >= 1, but got {value}.')
    return args


def random_areas(
    core: VideoTextModel, video: DrawnVideo, orders: int, steps: int
) -> list[float]:
    """Return the areas under the curves of random orders.

    Args:
        core (VideoTextModel): The model.
        video (DrawnVideo): The video; the orders follow from its name.
        orders (int): Number of orders.
        steps (int): Steps of each curve.

    Returns:
        list[float]: One for each order.
    """
    clips = core.pipeline(str(video.path))
    cells = int(np.prod(grid_shape(clips.image_shape)))
    rng = np.random.default_rng(list(video.path.name.encode()))
    every = np.tile(np.arange(cells), (len(clips.frames), 1))
    return [
        area(
            deletion_curve(
                core, clips, video.caption, rng.permuted(every, axis=1), steps
            )
        )
        for _ in range(orders)
    ]


def measure(
    inferencer: ClipBERTInferencer,
    core: VideoTextModel,
    video: DrawnVideo,
    method: str,
    steps: int,
) -> Measured:
    """Explain a video by a method, and measure the explanation.

    Args:
        inferencer (ClipBERTInferencer): The model.
        core (VideoTextModel): The same.
        video (DrawnVideo): The video.
        method (str): One of :data:`METHODS`.
        steps (int): Steps of a curve.

    Returns:
        Measured: The measurements.
    """
    start = time.process_time()
    found = inferencer.explain(str(video.path), video.caption, method=method)
    seconds = time.process_time() - start
    best = found.clips[found.best_clip]
    mask = figure_mask(video, best)
    x, y = best.peak()
    height, width = mask.shape
    clips = core.pipeline(str(video.path))
    order = np.array(
        [relevance_order(clip, clips.image_shape) for clip in found.clips]
    )
    first, last = (
        area(deletion_curve(core, clips, video.caption, cells, steps))
        for cells in (order, order[:, ::-1])
    )
    hit = bool(mask[int(y * height), int(x * width)])
    return Measured(hit, float(mask.mean()), first, last, seconds)


def make_row(
    method: str, found: Sequence[Measured], at_random: np.ndarray
) -> list[object]:
    """Return the row of a method.

    Args:
        method (str): Name of the method.
        found (Sequence[Measured]): Measurements of N videos.
        at_random (np.ndarray): Areas of random orders, ``(N, orders)``.

    Returns:
        list[object]: Cells in the order of :data:`HEADER`.
    """
    hit, chance, first, last, seconds = np.array(found, float).T
    return [
        method,
        100 * hit.mean(),
        100 * chance.mean(),
        first.mean(),
        at_random.mean(),
        at_random.mean(0).min(),
        last.mean(),
        100 * (first < at_random.mean(1)).mean(),
        float(np.median(seconds)),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the table.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    inferencer = ClipBERTInferencer('demo', device='cpu')
    core = VideoTextModel(inferencer.model, inferencer.cfg)
    found: dict[str, list[Measured]] = {method: [] for method in METHODS}
    at_random = []
    with tempfile.TemporaryDirectory() as folder:
        for video in write_videos(Path(folder), args.videos):
            at_random.append(
                random_areas(core, video, args.orders, args.steps)
            )
            for method, rows in found.items():
                rows.append(
                    measure(inferencer, core, video, method, args.steps)
                )
    print(machine_line(), end='\n\n')
    print_table(
        f'{args.videos} videos, {args.orders} random orders, areas under '
        f'deletion curves of {args.steps} steps',
        HEADER,
        [
            make_row(method, rows, np.array(at_random))
            for method, rows in found.items()
        ],
    )


if __name__ == '__main__':
    main()
