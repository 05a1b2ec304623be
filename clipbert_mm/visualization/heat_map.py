# Copyright (c) clipbert_mm contributors.
"""Heat maps: values of cells, upscaled to a frame and drawn on it."""

import numpy as np

# Brightness of a frame where nothing is relevant.
_DIM = 0.3


def upscale_cells(
    cells: np.ndarray,
    cell_size: tuple[float, float],
    shape: tuple[int, int],
) -> np.ndarray:
    """Interpolate the values of cells at the pixels of a frame.

    Bilinear between the centres of the cells, constant outside them. The
    first cell lies in the top left corner; cells may exceed the frame.

    Args:
        cells (np.ndarray): ``(rows, columns)``.
        cell_size (tuple[float, float]): Height and width of a cell, pixels.
        shape (tuple[int, int]): Height and width of the frame, pixels.

    Returns:
        np.ndarray: float64 ``shape``.

    Example:
        >>> upscale_cells(np.array([[0.0, 1.0]]), (1, 2), (1, 4))
        array([[0.  , 0.25, 0.75, 1.  ]])
    """
    result = np.asarray(cells, np.float64)
    for axis in (0, 1):
        centres = (np.arange(result.shape[axis]) + 0.5) * cell_size[axis]
        pixels = np.arange(shape[axis]) + 0.5
        # (lines, cells) -> (lines, pixels), along the last axis
        lines = np.moveaxis(result, axis, -1)
        drawn = [np.interp(pixels, centres, line) for line in lines]
        result = np.moveaxis(np.array(drawn), -1, axis)
    return result


def draw_heat(frame: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Dim a frame where a map is low, whatever its colours are.

    Args:
        frame (np.ndarray): ``(H, W, 3)``, uint8, RGB.
        heat (np.ndarray): ``(H, W)``; 1 and above stays as it is, 0 and
            below is darkest.

    Returns:
        np.ndarray: ``(H, W, 3)``, uint8, RGB.

    Example:
        >>> frame = np.full((1, 2, 3), 100, np.uint8)
        >>> draw_heat(frame, np.array([[0.0, 1.0]])).tolist()
        [[[30, 30, 30], [100, 100, 100]]]
    """
    brightness = _DIM + (1 - _DIM) * np.clip(heat, 0, 1)[..., None]
    return (frame * brightness).round().astype(np.uint8)
