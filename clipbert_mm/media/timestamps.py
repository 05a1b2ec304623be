# Copyright (c) clipbert_mm contributors.
"""When the frames of a video are shown: at a constant rate, or not."""

import numpy as np

# No frame is shorter than this if the rate varies: guards against two
# time stamps that differ only by rounding.
_MAX_FPS = 1000.0


def has_constant_rate(starts: np.ndarray) -> bool:
    """Return whether all frames start within half a frame of a regular grid.

    Args:
        starts (np.ndarray): Shape ``(T,)``, start of every frame in seconds,
            ascending.

    Returns:
        bool: True for a constant frame rate.

    Example:
        >>> has_constant_rate(np.array([0.0, 1.0, 5.0]))
        False
    """
    if len(starts) < 3:
        return True
    interval = (starts[-1] - starts[0]) / (len(starts) - 1)
    grid = starts[0] + interval * np.arange(len(starts))
    return bool(np.abs(starts - grid).max() <= interval / 2)


class RegularGrid:
    """Variable-rate video, resampled onto a regular time grid.

    The grid has the rate of the shortest interval of the video. A frame is
    repeated until the next one is due.

    Args:
        timestamps (np.ndarray): Shape ``(T, 2)``, start and end of every
            frame in seconds.

    Example:
        >>> grid = RegularGrid(np.array([[0.0, 1.0], [1.0, 4.0], [4.0, 5.0]]))
        >>> grid.total_frames, grid.source_frames(np.arange(5)).tolist()
        (5, [0, 1, 1, 1, 2])
    """

    def __init__(self, timestamps: np.ndarray) -> None:
        self.starts = timestamps[:, 0] - timestamps[0, 0]
        intervals = np.diff(self.starts)
        intervals = intervals[intervals > 0]
        shortest = intervals.min() if len(intervals) else 1 / _MAX_FPS
        self.fps = min(1 / float(shortest), _MAX_FPS)
        last = max(float(timestamps[-1, 1] - timestamps[-1, 0]), 1 / self.fps)
        seconds = float(self.starts[-1]) + last
        self.total_frames = max(round(seconds * self.fps), 1)

    def source_frames(self, frames: np.ndarray) -> np.ndarray:
        """Return which frames of the file are shown at grid frames.

        Args:
            frames (np.ndarray): Indices on the grid.

        Returns:
            np.ndarray: Indices in the file, of the same shape.
        """
        seconds = (frames + 1e-3) / self.fps  # 1e-3: rounded time stamps
        inds = np.searchsorted(self.starts, seconds, side='right') - 1
        return np.clip(inds, 0, len(self.starts) - 1)
