# Copyright (c) clipbert_mm contributors.
"""Array of the frames that are wanted, filled as they are decoded."""

import numpy as np

from clipbert_mm.media.errors import MediaError


class WantedFrames:
    """Array of the frames that are wanted, in the order of asking.

    Every frame is copied as soon as it is decoded, so that nothing but the
    array takes memory.

    Args:
        stamps (np.ndarray): Shape ``(T,)``, time stamps of the frames in any
            order, repeated or not.
        filename (str): Name of the file, for errors.
    """

    def __init__(self, stamps: np.ndarray, filename: str) -> None:
        self._filename = filename
        self._stamps = stamps
        self._wanted = set(stamps.tolist())
        self._array: np.ndarray | None = None
        self.missing = set(self._wanted)

    def __contains__(self, stamp: object) -> bool:
        return stamp in self._wanted

    def start_again(self) -> None:
        """Forget the frames up to now."""
        self.missing = set(self._wanted)

    def add(self, stamp: int, frame: np.ndarray) -> None:
        """Copy a frame to all its places.

        Args:
            stamp (int): Time stamp of the frame.
            frame (np.ndarray): Shape ``(H, W, 3)``, uint8, RGB.

        Raises:
            MediaError: If it has another size than the frames before.
        """
        if self._array is None:
            shape = (len(self._stamps), *frame.shape)
            self._array = np.empty(shape, frame.dtype)
        expected = self._array.shape[1:]
        if frame.shape != expected:
            raise MediaError(
                self._filename,
                'the size of its frames changes from '
                f'{_size(expected)} to {_size(frame.shape)} pixels; '
                're-encode it, or set decode_size if their shapes agree',
            )
        self._array[self._stamps == stamp] = frame
        self.missing.discard(stamp)

    def array(self) -> np.ndarray:
        """Return all frames.

        Returns:
            np.ndarray: Shape ``(T, H, W, 3)``, uint8, RGB.
        """
        if self._array is None:
            return np.empty((0, 0, 0, 3), np.uint8)
        return self._array


def _size(shape: tuple[int, ...]) -> str:
    return f'{shape[1]}x{shape[0]}'
