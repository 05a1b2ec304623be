# Copyright (c) clipbert_mm contributors.
"""Make decoders read the frames of overlapping clips in one pass."""

from typing import Any

import numpy as np


class FrameBatch:
    """Frames with the one method of decord's arrays that decoding calls.

    Args:
        frames (np.ndarray): Shape ``(number of frames, H, W, 3)``.
    """

    def __init__(self, frames: np.ndarray) -> None:
        self.frames = frames

    def asnumpy(self) -> np.ndarray:
        """The frames, shape ``(number of frames, H, W, 3)``."""
        return self.frames


class ForwardReader:
    """A video reader that reads each wanted frame once, forwards.

    Clips may overlap, so their frames, clip after clip, go back and forth,
    and decoders decode again from a key frame at every step back. MMAction2's
    ``DecordDecode`` passes the indices on as they are.

    Args:
        reader (Any): ``decord.VideoReader`` or another with its methods.

    Example:
        >>> reader = ForwardReader(decord.VideoReader('a.mp4'))
        >>> reader.get_batch([0, 24, 12, 36]).asnumpy().shape
        (4, 240, 320, 3)
    """

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def __len__(self) -> int:
        return len(self._reader)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def get_batch(self, indices: np.ndarray) -> FrameBatch:
        """Read frames.

        Args:
            indices (np.ndarray): 0-based, in any order, maybe repeated.

        Returns:
            FrameBatch: One frame for each index, in their order.
        """
        wanted, places = np.unique(indices, return_inverse=True)
        frames = self._reader.get_batch(wanted).asnumpy()
        if np.array_equal(places, np.arange(len(frames))):
            return FrameBatch(frames)  # in order already: no copy
        return FrameBatch(frames[places])
