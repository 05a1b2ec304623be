# Copyright (c) clipbert_mm contributors.
"""Read animated GIFs and WebPs with Pillow."""

import struct
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageSequence

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader

# What Pillow raises for truncated or damaged files.
_DECODING_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    IndexError,
    struct.error,
    Image.DecompressionBombError,
)
# Where a frame has no delay, as in FFmpeg and browsers.
_DEFAULT_DELAY = 100  # milliseconds


class GifReader(VideoReader):
    """Frames of an animation, all decoded when it is opened.

    decord 0.6 refuses every GIF ("Failed to measure duration/frame-count"),
    and TGIF-QA consists of them. Every frame has its own duration, so the
    rate may vary.

    Args:
        file (BinaryIO): Open file.
        filename (str): Name of the file, for errors.

    Raises:
        MediaError: If the file is truncated or damaged.

    Example:
        >>> reader = GifReader(
        ...     open('a.gif', 'rb'), 'a.gif')  # doctest: +SKIP
        >>> len(reader), reader.get_avg_fps()  # doctest: +SKIP
        (32, 10.0)
    """

    def __init__(self, file: BinaryIO, filename: str) -> None:
        try:
            self._frames, delays = _decode(file)
        except _DECODING_ERRORS as error:
            raise MediaError(
                filename, f'this animation cannot be decoded: {error}'
            ) from error
        ends = np.cumsum(delays) / 1000
        self._timestamps = np.stack([ends - np.array(delays) / 1000, ends], 1)

    def __len__(self) -> int:
        return len(self._frames)

    def get_avg_fps(self) -> float:
        """Return the average rate in frames per second."""
        return len(self) / float(self._timestamps[-1, 1])

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return start and end of frames in seconds."""
        return self._timestamps[np.asarray(indices)]

    def get_batch(self, indices: Indices) -> FrameBatch:
        """Return frames."""
        return FrameBatch(self._frames[np.asarray(indices)])

    def close(self) -> None:
        """Release the frames."""
        self._frames = self._frames[:0]


def _decode(file: BinaryIO) -> tuple[np.ndarray, list[int]]:
    """Return all frames, ``(T, H, W, 3)``, and delays in milliseconds."""
    delays = []
    frames = []
    with file, Image.open(file, formats=['GIF', 'WEBP']) as image:
        for frame in ImageSequence.Iterator(image):
            frames.append(np.asarray(frame.convert('RGB')))
            # Of a WebP it is known only after decoding.
            delays.append(frame.info.get('duration') or _DEFAULT_DELAY)
    return np.stack(frames), delays
