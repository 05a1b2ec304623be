# Copyright (c) clipbert_mm contributors.
"""Deletion curves: the score while more and more cells are hidden."""

import numpy as np

from clipbert_mm.apis.clip_pipeline import Clips
from clipbert_mm.apis.explanation import ExplainedClip
from clipbert_mm.apis.relevance_maps import cell_side, grid_shape
from clipbert_mm.apis.video_features import VideoFeatures
from clipbert_mm.apis.video_text_model import VideoTextModel
from clipbert_mm.visualization.heat_map import upscale_cells

_AT_ONCE = 8  # copies of a video


def relevance_order(
    clip: ExplainedClip, image_shape: tuple[int, int]
) -> np.ndarray:
    """Return the cells of an occlusion, the most relevant first.

    Maps with other cells are interpolated at the centres of these.

    Args:
        clip (ExplainedClip): Clip with its map.
        image_shape (tuple[int, int]): Height and width of its frames without
            padding, pixels.

    Returns:
        np.ndarray: Indices of cells, row by row.
    """
    side = cell_side(image_shape)
    height, width = clip.cell_size
    values = upscale_cells(
        clip.cells, (height / side, width / side), grid_shape(image_shape)
    )
    return np.argsort(-values, None, kind='stable')


def hide_cells(clips: Clips, hidden: np.ndarray) -> np.ndarray:
    """Hide cells of the frames under the mean colour of each.

    Args:
        clips (Clips): A video.
        hidden (np.ndarray): Boolean ``(C, cells)``.

    Returns:
        np.ndarray: Copy of the frames, uint8 ``(C, ch, T, H, W)``.
    """
    height, width = clips.image_shape
    side, columns = (
        cell_side(clips.image_shape),
        grid_shape((height, width))[1],
    )
    rows, cols = ((np.mgrid[:height, :width] + 0.5) // side).astype(int)
    mask = hidden[:, rows * columns + cols][:, None, None]  # (C, 1, 1, H, W)
    frames = clips.frames.copy()
    inner = frames[..., :height, :width]
    colour = inner.mean((-2, -1), keepdims=True).round().astype(frames.dtype)
    inner[:] = np.where(mask, colour, inner)
    return frames


def deletion_curve(
    core: VideoTextModel,
    clips: Clips,
    text: str,
    order: np.ndarray,
    steps: int,
) -> np.ndarray:
    """Return the score while the cells of all clips are hidden in an order.

    Args:
        core (VideoTextModel): The model.
        clips (Clips): The video.
        text (str): The text.
        order (np.ndarray): Indices of cells, the first to hide first,
            ``(C, cells)``.
        steps (int): Number of steps from no hidden cell to all.

    Returns:
        np.ndarray: float32 ``(steps + 1, )``.
    """
    rank = np.argsort(order, 1)
    numbers = np.linspace(0, order.shape[1], steps + 1).round()
    scores = []
    for start in range(0, len(numbers), _AT_ONCE):
        frames = [
            hide_cells(clips, rank < number)
            for number in numbers[start : start + _AT_ONCE]
        ]
        features = [
            VideoFeatures('', tokens, clips.times, core.digest)
            for tokens in core.tokens(frames)
        ]
        scores.append(core.scores(features, [text])[0][:, 0])
    return np.concatenate(scores)


def area(curve: np.ndarray) -> float:
    """Return the area under a curve over [0, 1].

    Args:
        curve (np.ndarray): Values at equal distances.

    Returns:
        float: The area, by trapezoids.

    Example:
        >>> area(np.array([1.0, 0.5, 0.0]))
        0.5
    """
    return float((curve[1:] + curve[:-1]).mean() / 2)
