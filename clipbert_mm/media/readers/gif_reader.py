# Copyright (c) clipbert_mm contributors.
"""Read animated GIFs and WebPs with Pillow."""

from typing import BinaryIO

import numpy as np

from clipbert_mm.media.animation_index import read_animation_index
from clipbert_mm.media.background import to_rgb
from clipbert_mm.media.damage import damaged
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.options import DEFAULTS, ReadOptions
from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader

from .pillow_files import PILLOW_ERRORS, open_with_pillow
from .wanted_frames import WantedFrames


class GifReader(VideoReader):
    """Frames of an animation, decoded from its start on.

    decord 0.6 refuses every GIF ("Failed to measure duration/frame-count"),
    and TGIF-QA consists of them. Every frame has its own duration, so the
    rate may vary. Frames keep their size, and only wanted ones are kept.

    Args:
        file (BinaryIO): Open file; the reader closes it.
        filename (str): Name of the file, for errors.
        options (ReadOptions): How it is read.

    Raises:
        MediaError: If the file is damaged, or above a limit.

    Example:
        >>> reader = GifReader(
        ...     open('a.gif', 'rb'), 'a.gif')  # doctest: +SKIP
        >>> len(reader), reader.get_avg_fps()  # doctest: +SKIP
        (32, 10.0)
    """

    def __init__(
        self,
        file: BinaryIO,
        filename: str,
        options: ReadOptions = DEFAULTS,
    ) -> None:
        self._file = file
        self._filename = filename
        self._background = options.background
        index = read_animation_index(file, filename, options.limits)
        if index.problem and options.refuses_damage:
            raise damaged(filename, index.problem)
        if not index.delays:
            raise MediaError(filename, 'it has no frames')
        ends = np.cumsum(index.delays) / 1000
        options.limits.check_seconds(float(ends[-1]), filename)
        starts = ends - np.array(index.delays) / 1000
        self._timestamps = np.stack([starts, ends], 1)
        try:
            self._image = open_with_pillow(file, ('GIF', 'WEBP'))
        except PILLOW_ERRORS as error:
            raise self._error(error) from error

    def __len__(self) -> int:
        return len(self._timestamps)

    def get_avg_fps(self) -> float:
        """Return the average rate in frames per second."""
        return len(self) / float(self._timestamps[-1, 1])

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return start and end of frames in seconds."""
        return self._timestamps[np.asarray(indices)]

    def get_key_indices(self) -> np.ndarray:
        """Return all frames: each is decoded as fast."""
        return np.arange(len(self))

    def get_batch(self, indices: Indices) -> FrameBatch:
        """Decode frames, each wanted one once and forwards."""
        numbers = np.arange(len(self))[np.asarray(indices, np.int64)]
        wanted = WantedFrames(numbers, self._filename)
        try:
            for number in sorted(wanted.missing):
                self._image.seek(number)
                frame = to_rgb(self._image, self._background)
                wanted.add(number, np.asarray(frame))
        except PILLOW_ERRORS as error:
            raise self._error(error) from error
        return FrameBatch(wanted.array())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _error(self, error: Exception) -> MediaError:
        return MediaError(
            self._filename, f'this animation cannot be decoded: {error}'
        )
