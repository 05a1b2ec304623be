# Copyright (c) clipbert_mm contributors.
"""The protocol that all video readers share."""

from abc import abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

import numpy as np

Indices = Sequence[int] | np.ndarray


class FrameBatch:
    """Decoded frames with the one method that ``DecordDecode`` calls.

    Args:
        frames (np.ndarray): Shape ``(number of frames, H, W, 3)``, uint8,
            RGB.

    Example:
        >>> FrameBatch(np.zeros((2, 48, 64, 3), np.uint8)).asnumpy().shape
        (2, 48, 64, 3)
    """

    def __init__(self, frames: np.ndarray) -> None:
        self.frames = frames

    def asnumpy(self) -> np.ndarray:
        """Return the frames, ``(number of frames, H, W, 3)``, uncopied."""
        return self.frames


class VideoReader(Protocol):
    """Random access to the frames of one video.

    :func:`~clipbert_mm.media.opening.open_video` returns such a reader for
    every decoder, and a frame has the same index in all of them. The methods
    have the names that decord gave them, because MMAction2's
    ``DecordDecode`` calls them.

    A reader is a context manager that closes itself. An unreadable file or
    frame raises :class:`~clipbert_mm.media.errors.MediaError`.

    Example:
        >>> with open_video('a.mp4') as reader:  # doctest: +SKIP
        ...     frames = reader.get_batch([0, len(reader) - 1]).asnumpy()
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of frames."""

    @abstractmethod
    def get_avg_fps(self) -> float:
        """Return the average rate in frames per second; NaN if unknown."""

    @abstractmethod
    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return when frames are shown.

        Args:
            indices (Indices): 0-based frame indices.

        Returns:
            np.ndarray: Shape ``(len(indices), 2)``: start and end of every
            frame in seconds, counted from the start of the first frame.
        """

    @abstractmethod
    def get_key_indices(self) -> np.ndarray:
        """Return the frames that are decoded fastest, ascending.

        Returns:
            np.ndarray: Indices of the key frames; of all frames if each is
            decoded as fast, and empty if they are unknown.
        """

    @abstractmethod
    def get_batch(self, indices: Indices) -> FrameBatch:
        """Decode frames.

        Each wanted frame is decoded once, in the order of the file: clips
        may overlap, and decoders start again from a key frame whenever they
        have to step back.

        Args:
            indices (Indices): 0-based frame indices in
                any order, repeated or not.

        Returns:
            FrameBatch: One frame for each index, in the order of
            ``indices``.

        Raises:
            MediaError: If a frame cannot be decoded.
        """

    @abstractmethod
    def close(self) -> None:
        """Release the decoder; the reader cannot be used afterwards."""

    def __enter__(self) -> 'VideoReader':
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
