# Copyright (c) clipbert_mm contributors.
"""One array for the frames of an item, so that they need no copying."""

from collections.abc import Sequence

import numpy as np


def square_buffer(num_frames: int, size: int, dtype: np.dtype) -> np.ndarray:
    """Room for the frames of an item, as they are after padding.

    Args:
        num_frames (int): Number of frames.
        size (int): Side of the square.
        dtype (np.dtype): Of the pixels.

    Returns:
        np.ndarray: Shape ``(num_frames, size, size, 3)``, not initialised.

    Example:
        >>> square_buffer(16, 448, np.dtype(np.uint8)).shape
        (16, 448, 448, 3)
    """
    return np.empty((num_frames, size, size, 3), dtype)


def common_buffer(imgs: Sequence[np.ndarray]) -> np.ndarray | None:
    """The array of which the frames are, in order, the top left corners.

    What surrounds the frames in it belongs to nobody and may be overwritten.
    A transform that makes new frames, or moves them, ends this.

    Args:
        imgs (Sequence[np.ndarray]): Frames, ``(H, W, 3)``.

    Returns:
        np.ndarray | None: Shape ``(len(imgs), H' >= H, W' >= W, 3)``, or None
        if there is no such array.

    Example:
        >>> buffer = np.zeros((2, 4, 4, 3))
        >>> common_buffer(list(buffer[:, :2])) is buffer
        True
    """
    base = imgs[0].base
    if (
        not isinstance(base, np.ndarray)
        or base.ndim != 4
        or len(base) != len(imgs)
        or not base.flags.writeable
    ):
        return None
    start, step = base.ctypes.data, base.strides[0]
    for i, img in enumerate(imgs):
        if (
            img.base is not base
            or img.strides != base.strides[1:]
            or img.ctypes.data != start + i * step
        ):
            return None
    return base
