# Copyright (c) clipbert_mm contributors.
"""Unseen videos of the demo model, and where the figure is in them."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clipbert_mm.apis.explanation import ExplainedClip
from clipbert_mm.quickstart.corpus.annotations import Item, describe_item
from clipbert_mm.quickstart.corpus.scene_corpus import (
    CorpusSettings,
    draw_rate,
    draw_sized_look,
    plan_items,
    write_item,
)
from clipbert_mm.quickstart.corpus.scenes import (
    Combination,
    Look,
    place_figure,
)

SEED = 0  # of the corpus of the demo model, as its card states


class DrawnVideo(NamedTuple):
    """A video with its caption, and what it was drawn from."""

    path: Path
    caption: str
    combination: Combination
    look: Look
    rate: int | Fraction


def write_videos(folder: Path, number: int) -> list[DrawnVideo]:
    """Write the first videos of the gallery of the demo model.

    The first 24 come with the package, too.

    Args:
        folder (Path): Existing folder.
        number (int): Number of videos.

    Returns:
        list[DrawnVideo]: The videos.
    """
    settings = CorpusSettings(seed=SEED, gallery=number)
    (folder / 'videos').mkdir()
    videos = []
    for item in plan_items(folder, settings)['gallery_test']:
        write_item(item)
        videos.append(describe_video(item))
    return videos


def describe_video(item: Item) -> DrawnVideo:
    """Return what the video of an item shows.

    Args:
        item (Item): The video.

    Returns:
        DrawnVideo: Its caption, look and rate.
    """
    rng = np.random.default_rng(item.seed)
    look = draw_sized_look(rng)
    (caption,) = describe_item(item, 'video', 1)
    return DrawnVideo(
        item.path, caption, item.combination, look, draw_rate(rng)
    )


def figure_mask(video: DrawnVideo, clip: ExplainedClip) -> np.ndarray:
    """Return the pixels of a clip that are in the box of the figure.

    The frames of a clip have one map, so the box of any of them counts.

    Args:
        video (DrawnVideo): The video.
        clip (ExplainedClip): One of its clips.

    Returns:
        np.ndarray: Boolean ``(H, W)``, of the frames as the model sees them.
    """
    number, height, width = clip.frames.shape[:3]
    rows, columns = np.mgrid[:height, :width] + 0.5
    scale = width / video.look.width
    mask = np.zeros((height, width), bool)
    last = clip.end - float(1 / Fraction(video.rate))
    for time in np.linspace(clip.start, last, number):
        figure = place_figure(video.combination, video.look, float(time))
        x, y, radius = (value * scale for value in figure)
        mask |= np.maximum(abs(columns - x), abs(rows - y)) <= radius
    return mask
