# Copyright (c) clipbert_mm contributors.
"""Read frames that are already in memory."""

import math
from numbers import Real

import numpy as np

from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader


class ArrayReader(VideoReader):
    """Frames of an array, shown at a constant rate.

    Args:
        frames (np.ndarray): Shape ``(number of frames, H, W, 3)``, uint8,
            RGB.
        fps (float): Frames per second.

    Raises:
        ValueError: If the shape, the type or the rate is another.

    Example:
        >>> reader = ArrayReader(np.zeros((50, 48, 64, 3), np.uint8), 25.0)
        >>> len(reader), reader.get_frame_timestamp([49]).tolist()
        (50, [[1.96, 2.0]])
    """

    def __init__(self, frames: np.ndarray, fps: float) -> None:
        if frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
            raise ValueError(
                'Frames must have the shape (frames, height, width, 3), but '
                f'got {frames.shape}.'
            )
        if frames.dtype != np.uint8:
            raise ValueError(
                'Frames must be uint8 in RGB order, with values from 0 to '
                f'255, but got {frames.dtype}.'
            )
        is_number = isinstance(fps, Real) and not isinstance(fps, bool)
        if not (is_number and math.isfinite(fps) and fps > 0):
            raise ValueError(
                f'fps of frames must be a finite number > 0, but got {fps!r}.'
            )
        self._frames = frames
        self._fps = float(fps)

    def __len__(self) -> int:
        return len(self._frames)

    def get_avg_fps(self) -> float:
        """Return the rate in frames per second."""
        return self._fps

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return start and end of frames in seconds."""
        starts = np.asarray(indices)
        return np.stack([starts, starts + 1], 1) / self._fps

    def get_key_indices(self) -> np.ndarray:
        """Return all frames: each is read as fast."""
        return np.arange(len(self))

    def get_batch(self, indices: Indices) -> FrameBatch:
        """Return frames."""
        return FrameBatch(self._frames[np.asarray(indices)])

    def close(self) -> None:
        """Release the frames."""
        self._frames = self._frames[:0]
