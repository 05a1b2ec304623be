# Copyright (c) clipbert_mm contributors.
"""Keep the frames of an item in one array, so that they need no copying."""

from collections.abc import Sequence

import numpy as np


def square_buffer(num_frames: int, size: int, dtype: np.dtype) -> np.ndarray:
    """Allocate the array that holds the frames of an item after padding.

    Args:
        num_frames (int): Number of frames.
        size (int): Side of the square in pixels.
        dtype (np.dtype): Type of the pixels.

    Returns:
        np.ndarray: Shape ``(num_frames, size, size, 3)``, not initialised.

    Example:
        >>> square_buffer(16, 448, np.dtype(np.uint8)).shape
        (16, 448, 448, 3)
    """
    return np.empty((num_frames, size, size, 3), dtype)


def common_buffer(imgs: Sequence[np.ndarray]) -> np.ndarray | None:
    """Return the array that all frames are top-left views of, or None.

    The pixels around the frames in that array are unused and may be
    overwritten. Frames that a transform has copied or moved no longer share
    such an array.

    Args:
        imgs (Sequence[np.ndarray]): Frames, ``(H, W, 3)``.

    Returns:
        np.ndarray | None: Shape ``(len(imgs), H' >= H, W' >= W, 3)``; None
        if the frames do not share an array in this order.

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
