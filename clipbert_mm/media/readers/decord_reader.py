# Copyright (c) clipbert_mm contributors.
"""Read frames of a video with decord."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

# OpenCV comes before decord: decord loads its own zlib, with which an OpenCV
# that is imported later cannot read PNG files. No other module imports decord.
import av
import cv2  # noqa: F401
import decord
import numpy as np

from clipbert_mm.media.containers import reason_of
from clipbert_mm.media.errors import MediaError, is_decord_error
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.options import DEFAULTS, ReadOptions
from clipbert_mm.media.reading import LocalFile
from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader
from clipbert_mm.utils.error_text import first_line

from .decord_limits import CheckedVideo, check_for_decord, compare_frames


class DecordReader(VideoReader):
    """Frames of a video, decoded by decord.

    decord reads many healthy forms wrongly, in silence. A video is therefore
    refused if its packets, which PyAV reads, have one of these forms, or if
    decord reports other frames or times than they do.

    Args:
        file (BinaryIO): Open file, which is closed. decord opens it again if
            it is on the local disk; others are in memory.
        filename (str): Name of the file, for errors.
        options (ReadOptions): How it is read. decord learns the size of a
            video only by opening it, and opens it a second time for
            ``decode_size``. Its own FFmpeg cannot be asked about damage;
            only that of the container is found.

    Raises:
        MediaError: If it is not a video that decord can open, or one that it
            would read wrongly.

    Example:
        >>> reader = DecordReader(
        ...     open('a.mp4', 'rb'), 'a.mp4')  # doctest: +SKIP
        >>> reader.get_batch([0, 24, 12, 36]).asnumpy().shape
        ... # doctest: +SKIP
        (4, 240, 320, 3)
    """

    def __init__(
        self,
        file: BinaryIO,
        filename: str,
        options: ReadOptions = DEFAULTS,
    ) -> None:
        self._filename = filename
        with file:
            checked = self._check(file, options)
            with self._media_errors():
                self._reader: Any = _open(file, options)
        with self._media_errors():
            starts = self.get_frame_timestamp(range(len(self)))[:, 0]
        self._refuse(compare_frames(starts, checked.packets))
        self._fps = checked.packets.fps
        self._keys = checked.packets.key_frames()

    def __len__(self) -> int:
        return len(self._reader)

    def get_avg_fps(self) -> float:
        """Return the average rate in frames per second."""
        return self._fps  # decord believes the header

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return start and end of frames in seconds."""
        return self._reader.get_frame_timestamp(indices)

    def get_key_indices(self) -> np.ndarray:
        """Return the key frames."""
        return self._keys

    def get_batch(self, indices: Indices) -> FrameBatch:
        """Decode frames, each wanted one once and forwards."""
        wanted, places = np.unique(indices, return_inverse=True)
        with self._media_errors():
            frames = self._reader.get_batch(wanted).asnumpy()
        if np.array_equal(places, np.arange(len(frames))):
            return FrameBatch(frames)  # already in order: no copy
        return FrameBatch(frames[places])

    def seek(self, index: int) -> None:
        """Go to the key frame before ``index``.

        ``DecordDecode(mode='efficient')`` calls it, and then :meth:`next`.

        Args:
            index (int): 0-based frame index.
        """
        self._reader.seek(index)

    def next(self) -> Any:
        """Decode the next frame.

        Returns:
            decord.nd.NDArray: Shape ``(H, W, 3)``, uint8, RGB.
        """
        with self._media_errors():
            return self._reader.next()

    def close(self) -> None:
        """Release the decoder."""
        self._reader = None

    def _check(self, file: BinaryIO, options: ReadOptions) -> CheckedVideo:
        try:
            checked = check_for_decord(file, self._filename, options)
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(
                self._filename, f'FFmpeg cannot open it: {reason_of(error)}'
            ) from error
        self._refuse(checked.refusal)
        return checked

    def _refuse(self, reason: str) -> None:
        if reason:
            raise MediaError(self._filename, f"{reason}; set decoder='pyav'")

    @contextmanager
    def _media_errors(self) -> Iterator[None]:
        """Raise what decord says about the file as a MediaError."""
        try:
            yield
        except Exception as error:
            if not is_decord_error(error):
                raise
            # Without decord's time of day and line of source code.
            reason = re.sub(r'^\[[\d:]+\] \S+ ', '', first_line(error))
            raise MediaError(
                self._filename,
                f"decord cannot decode it: {reason}; set decoder='pyav'",
            ) from error


def _open(file: BinaryIO, options: ReadOptions) -> decord.VideoReader:
    num_threads, decode_size = options.num_threads, options.decode_size
    reader = decord.VideoReader(_source(file), num_threads=num_threads)
    if decode_size is None:
        return reader
    shape = tuple(reader[0].shape[:2])
    height, width = long_side_shape(shape[0], shape[1], decode_size)
    if (height, width) == shape:
        return reader
    return decord.VideoReader(
        _source(file), width=width, height=height, num_threads=num_threads
    )


def _source(file: BinaryIO) -> str | BinaryIO:
    """Return the name by which decord opens a file, or the file in memory.

    FFmpeg takes names such as ``concat:a.mp4`` for addresses, and names such
    as ``a%d.jpg`` for many files. The name of the descriptor is none of them,
    and stands for the file that has been checked even if it is replaced.
    """
    if isinstance(file, LocalFile):
        path = f'/proc/self/fd/{file.fileno()}'
        if os.path.exists(path):
            return path
    file.seek(0)
    return io.BytesIO(file.read())


def silence_decord() -> None:
    """Keep decord from logging errors, which its callers report anyway."""
    decord.logging.set_level(decord.logging.QUIET)
