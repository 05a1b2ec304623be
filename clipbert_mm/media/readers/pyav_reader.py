# Copyright (c) clipbert_mm contributors.
"""Read frames of a video with PyAV."""

from typing import Any, BinaryIO

import av
import numpy as np

from clipbert_mm.media.containers import reason_of
from clipbert_mm.media.damage import check_container, damaged, sign_of_damage
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.ffmpeg_log import ErrorLog, logged_errors
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.options import DEFAULTS, ReadOptions
from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader

from .frame_cursor import FrameCursor
from .wanted_frames import WantedFrames


class PyAVReader(VideoReader):
    """Frames of a video, decoded by PyAV.

    Frames have the same indices as in decord. Between two wanted frames the
    decoder skips those that no other frame depends on, which decord cannot:
    x264 encodes about half of all frames this way.

    FFmpeg also reports errors where decoding starts inside a healthy file. A
    file is damaged only if it reports one when it decodes from the start.

    Args:
        file (BinaryIO): Open file, read by seeking; the reader closes it.
        filename (str): Name of the file, for errors.
        options (ReadOptions): How it is read. Scaling to ``decode_size`` is
            part of the conversion to RGB.

    Raises:
        MediaError: If it is not a video that PyAV can open, or damaged.

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
        options: ReadOptions = DEFAULTS,
    ) -> None:
        self._file = file
        self._filename = filename
        self._options = options
        self._raises = options.refuses_damage
        self._seeks = True  # whether FFmpeg may start inside the file
        with logged_errors() as log:
            try:
                self._cursor = FrameCursor(file, filename, options)
            except (av.error.FFmpegError, ValueError, OSError) as error:
                raise self._error(error) from error
            if self._raises:
                check_container(log, self._cursor.container, filename)
            self._first = int(self._cursor.index.key_stamps[0])
            if self._cursor.index.num_leading:
                self._leave_out_undecodable()

    def __len__(self) -> int:
        return len(self._cursor.index.stamps)

    def get_avg_fps(self) -> float:
        """Return the average rate in frames per second."""
        return self._cursor.index.fps

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        """Return start and end of frames in seconds."""
        return self._cursor.index.timestamps(np.asarray(indices))

    def get_key_indices(self) -> np.ndarray:
        """Return the key frames."""
        return self._cursor.index.key_frames()

    def get_batch(self, indices: Indices) -> FrameBatch:
        """Decode frames, each wanted one once and forwards."""
        stamps = self._cursor.index.stamps[np.asarray(indices, np.int64)]
        wanted = WantedFrames(stamps, self._filename)
        try:
            with logged_errors() as log:
                if self._raises:
                    self._read_checked(wanted, log)
                else:
                    self._read_seeking(wanted, None)
        except (av.error.FFmpegError, OSError) as error:
            raise self._error(error) from error
        if wanted.missing:
            raise MediaError(
                self._filename,
                f'frame {self._number(min(wanted.missing))} of {len(self)} '
                'cannot be decoded',
            )
        return FrameBatch(wanted.array())

    def close(self) -> None:
        """Close the file and release the decoder."""
        if hasattr(self, '_cursor'):
            self._cursor.close()
        self._file.close()

    def __del__(self) -> None:
        # The container is part of a cycle and would keep the file open.
        if hasattr(self, '_file'):
            self.close()

    def _leave_out_undecodable(self) -> None:
        """Let the video begin with the first frame that can be decoded."""
        cursor = self._cursor
        cursor.rewind()
        for packet in cursor.packets():
            try:
                decoded = cursor.decode(packet)
            except av.error.FFmpegError:  # it lacks those before
                continue
            for stamp, frame in decoded:
                if stamp is not None and not frame.is_corrupt:
                    number = self._number(stamp)
                    cursor.index = cursor.index.without_first(number)
                    self._first = stamp
                    return

    def _read_checked(self, wanted: WantedFrames, log: ErrorLog) -> None:
        if self._seeks:
            try:
                self._read_seeking(wanted, log)
            except (_SuspicionError, av.error.FFmpegError):
                wanted.start_again()
                self._cursor.rewind(num_threads=1)  # logs in this thread
                self._seeks = False
        if not self._seeks:
            self._read_in_order(wanted, log)

    def _read_seeking(
        self, wanted: WantedFrames, log: ErrorLog | None
    ) -> None:
        while wanted.missing:
            stamp = min(wanted.missing)
            self._cursor.go_before(stamp)
            self._search(stamp, wanted, log, skip=True)
            if stamp in wanted.missing:  # the index of the file is wrong
                self._cursor.rewind()
                self._search(stamp, wanted, log, skip=False)
            if stamp in wanted.missing:
                return

    def _search(
        self,
        stamp: int,
        wanted: WantedFrames,
        log: ErrorLog | None,
        skip: bool,
    ) -> None:
        """Decode until ``stamp``; keep all wanted frames on the way."""
        cursor = self._cursor
        skip = skip and not cursor.index.counted
        for packet in cursor.packets():
            decoded = cursor.decode(packet, skip and packet.pts not in wanted)
            if log is not None:
                self._check(packet, [frame for _, frame in decoded], log)
            self._keep(decoded, wanted)
            last = cursor.last
            if stamp not in wanted.missing or (
                last is not None and last > stamp
            ):
                return

    def _read_in_order(self, wanted: WantedFrames, log: ErrorLog) -> None:
        """Decode every frame from the start, as FFmpeg itself does."""
        cursor = self._cursor
        log.clear()
        if not wanted.missing:
            return
        if cursor.last is not None and cursor.last >= min(wanted.missing):
            cursor.rewind()
        for packet in cursor.packets():
            try:
                decoded = cursor.decode(packet)
                self._check(packet, [frame for _, frame in decoded], log)
            except (_SuspicionError, av.error.FFmpegError) as error:
                errors = log.errors()
                log.clear()
                if self._is_leading(packet):
                    continue
                sign = reason_of(error)
                if errors:
                    sign = f'FFmpeg reports "{errors[0]}"'
                raise self._damaged_at(packet, sign) from error
            self._keep(decoded, wanted)
            if not wanted.missing:
                return

    def _check(self, packet: Any, frames: list[Any], log: ErrorLog) -> None:
        if log.is_clean() and not (
            packet.is_corrupt or any(frame.is_corrupt for frame in frames)
        ):
            return
        errors = log.errors()
        unclear = not errors and not log.is_clean()
        log.clear()
        if self._is_leading(packet):
            return
        sign = sign_of_damage(packet, frames, errors, self._cursor.index)
        if sign or (unclear and self._seeks):
            raise _SuspicionError(sign)

    def _is_leading(self, packet: Any) -> bool:
        """Return whether a packet may depend on others before the file."""
        if self._cursor.index.counted or packet.pts is None:
            return False
        return packet.pts < self._first

    def _keep(
        self, decoded: list[tuple[int, Any]], wanted: WantedFrames
    ) -> None:
        for stamp, frame in decoded:
            if stamp in wanted.missing:
                wanted.add(stamp, self._to_rgb(frame))

    def _to_rgb(self, frame: Any) -> np.ndarray:
        size = self._options.decode_size
        turns = round(frame.rotation / 90) % 4
        height, width = frame.height, frame.width
        if size is not None:
            height, width = long_side_shape(height, width, size)
        pixels = frame.to_ndarray(
            width=width,
            height=height,
            format='rgb24',
            interpolation='BILINEAR' if size else None,
        )
        return np.rot90(pixels, turns) if turns else pixels

    def _number(self, stamp: int) -> int:
        return int(np.searchsorted(self._cursor.index.stamps, stamp))

    def _damaged_at(self, packet: Any, sign: str) -> MediaError:
        index = self._cursor.index
        number = self._cursor.last if index.counted else packet.pts
        place = '' if number is None else f' near frame {self._number(number)}'
        return damaged(self._filename, f'{sign}{place} of {len(self)}')

    def _error(self, error: Exception) -> MediaError:
        reason = reason_of(error)
        if isinstance(error, av.error.FFmpegError):
            reason = f'PyAV cannot decode it: {reason}'
        elif isinstance(error, OSError):
            reason = f'it cannot be read: {reason}'
        return MediaError(self._filename, reason)


class _SuspicionError(Exception):
    """A sign of damage, or of a start inside a healthy file."""
