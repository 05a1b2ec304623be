# Copyright (c) clipbert_mm contributors.
"""Read frames of a video with PyAV."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import av
import numpy as np

from clipbert_mm.datasets.transforms.resize_long_side import long_side_shape
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.packet_index import read_packet_index

from .forward_reader import FrameBatch


class PyAVReader:
    """The frames of a video by PyAV, with the methods of decord's reader.

    Frames have the numbers that decord gives them. Between two wanted frames
    the decoder leaves out those on which no other depends, which decord
    cannot: x264 makes about half of all frames such.

    Args:
        content (bytes): The file.
        filename (str): Its name, for errors.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1.
        decode_size (int, optional): Length of the longer side, to which
            FFmpeg scales in the step that makes RGB. Defaults to None, the
            size of the file.

    Raises:
        MediaError: If it is no video.

    Example:
        >>> reader = PyAVReader(Path('a.mp4').read_bytes(), 'a.mp4')
        >>> reader.get_batch([0, 24]).asnumpy().shape
        (2, 240, 320, 3)
    """

    def __init__(
        self,
        content: bytes,
        filename: str,
        num_threads: int = 1,
        decode_size: int | None = None,
    ) -> None:
        self._content = content
        self._filename = filename
        self._num_threads = num_threads
        self._decode_size = decode_size
        try:
            self._open()
            self._index = read_packet_index(self._container, self._stream)
        except av.error.FFmpegError as error:
            raise self._error(error) from error

    def __len__(self) -> int:
        return len(self._index.stamps)

    def get_avg_fps(self) -> float:
        """Mean rate in frames per second."""
        return self._index.fps

    def get_frame_timestamp(self, indices: Sequence[int]) -> np.ndarray:
        """Start and end of frames in seconds, shape ``(len(indices), 2)``."""
        return self._index.timestamps(np.asarray(indices))

    def get_batch(self, indices: Sequence[int]) -> FrameBatch:
        """Some frames, RGB.

        Args:
            indices (Sequence[int]): 0-based, in any order.

        Returns:
            FrameBatch: One frame for each index, in their order.

        Raises:
            MediaError: If one cannot be decoded.
        """
        stamps = self._index.stamps[np.asarray(indices)].tolist()
        wanted = set(stamps)
        found: dict[int, np.ndarray] = {}
        try:
            for stamp in sorted(wanted):
                if stamp not in found:
                    self._seek(stamp)
                    self._search(stamp, wanted, found, skip=True)
                if stamp not in found:  # the file is not what it says
                    self._open()
                    self._search(stamp, wanted, found, skip=False)
        except av.error.FFmpegError as error:
            raise self._error(error) from error
        missing = wanted - found.keys()
        if missing:
            number = int(np.searchsorted(self._index.stamps, min(missing)))
            raise MediaError(
                self._filename,
                f'frame {number} of {len(self)} cannot be decoded',
            )
        return FrameBatch(np.stack([found[stamp] for stamp in stamps]))

    def _open(self) -> None:
        self._container: Any = av.open(io.BytesIO(self._content))
        if not self._container.streams.video:
            raise MediaError(self._filename, 'it has no video stream')
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.thread_count = self._num_threads
        self._begin()

    def _begin(self) -> None:
        self._packets: Iterator[Any] = self._container.demux(self._stream)
        self._decoded = 0
        self._last: int | None = None  # stamp of the last decoded frame

    def _seek(self, stamp: int) -> None:
        """Go to the last key frame before, unless decoding on is shorter."""
        index = self._index
        place = int(np.searchsorted(index.key_stamps, stamp, side='right'))
        key = int(index.key_stamps[max(place - 1, 0)])
        if self._last is not None and key <= self._last < stamp:
            return
        if index.counted:
            self._open()
            return
        self._container.seek(key, stream=self._stream)
        self._begin()

    def _search(
        self,
        stamp: int,
        wanted: set[int],
        found: dict[int, np.ndarray],
        skip: bool,
    ) -> None:
        """Decode until a frame is found, keep the wanted ones on the way."""
        context = self._stream.codec_context
        skip = skip and not self._index.counted
        for packet in self._packets:
            needed = not skip or packet.pts in wanted
            context.skip_frame = 'DEFAULT' if needed else 'NONREF'
            for frame in packet.decode():
                shown = self._decoded if self._index.counted else frame.pts
                self._last = shown
                self._decoded += 1
                if shown in wanted and shown not in found:
                    found[shown] = self._to_rgb(frame)
            if stamp in found or (
                self._last is not None and self._last > stamp
            ):
                return

    def _to_rgb(self, frame: Any) -> np.ndarray:
        turns = round(frame.rotation / 90) % 4
        height, width = frame.height, frame.width
        if self._decode_size is not None:
            height, width = long_side_shape(height, width, self._decode_size)
        pixels = frame.to_ndarray(
            width=width,
            height=height,
            format='rgb24',
            interpolation='BILINEAR' if self._decode_size else None,
        )
        return np.rot90(pixels, turns) if turns else pixels

    def _error(self, error: Exception) -> MediaError:
        return MediaError(self._filename, f'PyAV cannot decode it: {error}')
