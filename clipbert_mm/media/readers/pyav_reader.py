# Copyright (c) clipbert_mm contributors.
"""Read frames of a video with PyAV."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import av
import numpy as np

from clipbert_mm.media.containers import (
    open_container,
    reason_of,
    video_stream,
)
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.packet_index import read_packet_index
from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader


class PyAVReader(VideoReader):
    """Frames of a video, decoded by PyAV.

    Frames have the same indices as in decord. Between two wanted frames the
    decoder skips those that no other frame depends on, which decord cannot:
    x264 encodes about half of all frames this way.

    Args:
        file (BinaryIO): Open file, read by seeking; the reader closes it.
        filename (str): Name of the file, for errors.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1.
        decode_size (int | None): Length of the longer side in pixels, to
            which FFmpeg scales in the step that converts to RGB. Defaults to
            None, the size of the file.

    Raises:
        MediaError: If it is not a video that PyAV can open.

    Example:
        >>> reader = PyAVReader(
        ...     open('a.mp4', 'rb'), 'a.mp4')  # doctest: +SKIP
        >>> reader.get_batch([0, 24]).asnumpy().shape  # doctest: +SKIP
        (2, 240, 320, 3)
    """

    def __init__(
        self,
        file: BinaryIO,
        filename: str,
        num_threads: int = 1,
        decode_size: int | None = None,
    ) -> None:
        self._file = file
        self._filename = filename
        self._num_threads = num_threads
        self._decode_size = decode_size
        try:
            self._open()
            self._index = read_packet_index(self._container, self._stream)
            if self._index.num_leading:
                self._leave_out_undecodable()
        except av.error.FFmpegError as error:
            raise self._error(error) from error

    def __len__(self) -> int:
        return len(self._index.stamps)

    def get_avg_fps(self) -> float:
        """Return the average rate in frames per second."""
        return self._index.fps

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return start and end of frames in seconds."""
        return self._index.timestamps(np.asarray(indices))

    def get_batch(self, indices: Indices) -> FrameBatch:
        """Decode frames, each wanted one once and forwards."""
        stamps = self._index.stamps[np.asarray(indices)].tolist()
        wanted = set(stamps)
        found: dict[int, np.ndarray] = {}
        try:
            for stamp in sorted(wanted):
                if stamp not in found:
                    self._seek(stamp)
                    self._search(stamp, wanted, found, skip=True)
                if stamp not in found:  # the index of the file is wrong
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
        self._check_sizes(list(found.values()))
        return FrameBatch(np.stack([found[stamp] for stamp in stamps]))

    def close(self) -> None:
        """Close the file and release the decoder."""
        if hasattr(self, '_container'):
            self._container.close()
        self._file.close()

    def __del__(self) -> None:
        # The container is part of a cycle and would keep the file open.
        self.close()

    def _open(self) -> None:
        if hasattr(self, '_container'):
            self._container.close()
        self._container: Any = open_container(self._file)
        try:
            self._stream = video_stream(self._container, self._num_threads)
        except ValueError as error:
            raise MediaError(self._filename, str(error)) from error
        self._begin()

    def _leave_out_undecodable(self) -> None:
        """Let the video begin with the first frame that can be decoded."""
        self._open()
        for packet in self._packets:
            for frame in packet.decode():
                if frame.pts is not None and not frame.is_corrupt:
                    first = np.searchsorted(self._index.stamps, frame.pts)
                    self._index = self._index.without_first(int(first))
                    return

    def _check_sizes(self, frames: list[np.ndarray]) -> None:
        for frame in frames:
            if frame.shape != frames[0].shape:
                raise MediaError(
                    self._filename,
                    'the size of its frames changes from '
                    f'{_size(frames[0])} to {_size(frame)} pixels; re-encode '
                    'it, or set decode_size if their shapes agree',
                )

    def _begin(self) -> None:
        self._packets: Iterator[Any] = self._container.demux(self._stream)
        self._decoded = 0
        self._last: int | None = None  # time stamp of the last decoded frame

    def _seek(self, stamp: int) -> None:
        """Go to the key frame before, unless decoding on is shorter."""
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
        """Decode until ``stamp``; keep all wanted frames on the way."""
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
        return MediaError(
            self._filename, f'PyAV cannot decode it: {reason_of(error)}'
        )


def _size(frame: np.ndarray) -> str:
    return f'{frame.shape[1]}x{frame.shape[0]}'
