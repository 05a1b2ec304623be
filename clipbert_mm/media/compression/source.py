# Copyright (c) clipbert_mm contributors.
"""Frames of a video to re-encode, in order, and when readers show them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from clipbert_mm.media.background import Background
from clipbert_mm.media.completeness import check_complete
from clipbert_mm.media.containers import (
    check_limits,
    open_container,
    packets_of,
    reason_of,
    video_stream,
)
from clipbert_mm.media.damage import (
    check_container,
    damaged,
    sign_of_damage,
)
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.ffmpeg_log import ErrorLog, logged_errors
from clipbert_mm.media.limits import VIDEO_LIMITS, LimitError, MediaLimits
from clipbert_mm.media.opening import open_video
from clipbert_mm.media.packet_index import read_packet_index
from clipbert_mm.media.reading import open_media
from clipbert_mm.media.sniffing import HEAD_BYTES, check_video
from clipbert_mm.media.video_reader import VideoReader

_MILLISECONDS = Fraction(1, 1000)
MIN_FRACTION = 0.9  # of the frames that a file claims to have
_SHAPE_TOLERANCE = 0.02  # of sizes that streams change between
_TOO_LARGE = 'exceeds specified max pixel count'  # of FFmpeg
_CHUNK = 16  # frames of an animation that are held at a time
_CHUNK_BYTES = 2**26  # unless one frame takes more


class Source(ABC):
    """Frames of a file, with the numbers and times that readers give them.

    Args:
        stamps (np.ndarray): Shape ``(T,)``, int64, start of every frame in
            units of ``time_base``, from 0 on.
        durations (np.ndarray): Shape ``(T,)``, int64, duration of every
            frame.
        time_base (Fraction): Unit of the stamps in seconds.
        timestamps (np.ndarray): Shape ``(T, 2)``, start and end of every
            frame in seconds, as the clip sampler sees them.
        fps (float): Average rate in frames per second; NaN if unknown.
    """

    def __init__(
        self,
        stamps: np.ndarray,
        durations: np.ndarray,
        time_base: Fraction,
        timestamps: np.ndarray,
        fps: float,
    ) -> None:
        self.stamps = stamps
        self.durations = durations
        self.time_base = time_base
        self.timestamps = timestamps
        self.fps = fps

    @abstractmethod
    def frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode the file once.

        Yields:
            tuple[int, av.VideoFrame]: Number of a frame, ascending, and the
            frame, upright.

        Raises:
            MediaError: If a frame other than the last cannot be decoded.
        """


@contextmanager
def open_frames(
    path: Path,
    on_damage: str = 'raise',
    limits: MediaLimits = VIDEO_LIMITS,
    background: Background | None = None,
) -> Iterator[Source]:
    """Open a video, GIF or animated WebP for decoding all of its frames.

    Args:
        path (Path): Path of the file.
        on_damage (str): ``'raise'``, or ``'use'`` for the frames that FFmpeg
            conceals. Defaults to ``'raise'``.
        limits (MediaLimits): Limits above which it is refused.
        background (Background | None): Colour behind the transparent pixels
            of an animation. Defaults to None, what the file stores there.

    Yields:
        Source: Its frames.

    Raises:
        MediaError: If it is not a video, has no frames, is damaged or above
            a limit.
        OSError: If it cannot be read.
    """
    name = str(path)
    with _option_named(), open_media(name, limits=limits) as file:
        kind = check_video(file.read(HEAD_BYTES), name)
        check_complete(file, name)
        if kind.role != 'animation':
            yield VideoSource(file, name, on_damage, limits)
            return
    with (
        _option_named(),
        open_video(path, limits=limits, background=background) as reader,
    ):
        yield AnimationSource(reader)


@contextmanager
def _option_named() -> Iterator[None]:
    """Name the option of the command that changes a limit."""
    try:
        yield
    except LimitError as error:
        raise MediaError(
            error.filename,
            f'{error.fact}; to encode it, pass a higher one with --limits '
            f'{error.name}=...',
        ) from None


class VideoSource(Source):
    """Frames of a file that PyAV decodes.

    Args:
        file (BinaryIO): Open file, read by seeking.
        filename (str): Name of the file, for errors.
        on_damage (str): ``'raise'`` or ``'use'``, for files of which FFmpeg
            reports damage. Defaults to ``'raise'``.
        limits (MediaLimits): Limits above which it is refused.

    Raises:
        MediaError: If it is not a video that PyAV can open, damaged or above
            a limit.
    """

    def __init__(
        self,
        file: BinaryIO,
        filename: str,
        on_damage: str = 'raise',
        limits: MediaLimits = VIDEO_LIMITS,
    ) -> None:
        self._file = file
        self._filename = filename
        self._limits = limits
        self._raises = on_damage == 'raise'
        try:
            with logged_errors() as log, self._opened() as (container, stream):
                check_limits(container, stream, limits, filename)
                index = read_packet_index(container, stream, filename, limits)
                if self._raises:
                    check_container(log, container, filename)
            self._index = index
            if index.num_leading:
                first = next((n for n, _ in self._decoded()), 0)
                self._index = index = index.without_first(first)
        except av.error.FFmpegError as error:
            raise self._error(error) from error
        except ValueError as error:  # no video stream, or no decoder
            raise MediaError(filename, str(error)) from error
        number = len(index.stamps)
        if not number:
            raise MediaError(filename, 'it has no frames')
        super().__init__(
            index.times - index.times[0],
            index.durations,
            Fraction(index.time_base).limit_denominator(10**9)
            if np.isfinite(index.time_base)
            else Fraction(1, 25),
            index.timestamps(np.arange(number)).astype(np.float64),
            index.fps,
        )

    def frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode the file once, in order."""
        found, total = 0, len(self.stamps)
        first: av.VideoFrame | None = None
        try:
            for number, frame in self._decoded():
                found += 1
                upright = _upright(frame)
                first = first or upright
                self._check_shape(first, upright)
                yield number, upright
        except av.error.FFmpegError as error:
            raise self._error(error) from error
        if found < max(MIN_FRACTION * total, 1):
            raise MediaError(
                self._filename,
                f'it is damaged: only {found} of {total} frames can be '
                'decoded',
            )

    @contextmanager
    def _opened(
        self,
    ) -> Iterator[
        tuple[av.container.InputContainer, av.video.stream.VideoStream]
    ]:
        with open_container(self._file, self._limits) as container:
            yield container, video_stream(container, limits=self._limits)

    def _decoded(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield the frames that are shown, with ascending numbers."""
        count, previous = 0, -1
        bad: set[int | None] = set()
        sign = ''
        with self._opened() as (container, stream):
            for packet in packets_of(container, stream):
                if sign and packet.size and previous >= 0:
                    raise damaged(
                        self._filename, f'{sign} near frame {previous + 1}'
                    )
                frames, sign = self._decode(packet)
                if sign:  # the last packet, or one before the first frame
                    bad.add(self._number(packet.pts, count))
                for frame in frames:
                    number = self._number(frame.pts, count)
                    count += 1
                    # Others are hidden by an edit list, or repetitions.
                    if number is None or number in bad or number <= previous:
                        continue
                    previous = number
                    yield number, frame

    def _decode(self, packet: av.Packet) -> tuple[list[Any], str]:
        """Return frames, and the sign of damage if there is any."""
        with logged_errors() as log:
            try:
                frames: list[Any] = packet.decode()
            except av.error.FFmpegError as error:
                self._check_growth(log)
                return [], reason_of(error)
            if not self._raises:
                return frames, ''
            sign = sign_of_damage(packet, frames, log.errors(), self._index)
        return [f for f in frames if not f.is_corrupt], sign

    def _check_growth(self, log: ErrorLog) -> None:
        """Raise if a frame has more pixels than its container says."""
        for error in log.errors():
            if _TOO_LARGE in error.message:
                fact = error.message.partition(', see')[0]
                raise LimitError(self._filename, fact, 'pixels')

    def _number(self, stamp: int | None, count: int) -> int | None:
        """Return the number of a frame; None if it is not shown."""
        stamps = self._index.stamps
        if self._index.counted:
            return count if count < len(stamps) else None
        if stamp is None:
            return None
        number = int(np.searchsorted(stamps, stamp))
        found = number < len(stamps) and stamps[number] == stamp
        return number if found else None

    def _check_shape(self, first: av.VideoFrame, frame: av.VideoFrame) -> None:
        """Raise unless a frame can be scaled to the size of the first."""
        across, along = first.width * frame.height, first.height * frame.width
        if abs(across - along) > _SHAPE_TOLERANCE * along:
            raise MediaError(
                self._filename,
                'the shape of its frames changes from '
                f'{first.width}x{first.height} to {frame.width}x'
                f'{frame.height} pixels; cut it where it changes',
            )

    def _error(self, error: Exception) -> MediaError:
        return MediaError(
            self._filename, f'PyAV cannot decode it: {reason_of(error)}'
        )


class AnimationSource(Source):
    """Frames of an animation that Pillow decodes, as in training.

    FFmpeg would give some GIFs other delays, and reads no animated WebPs.

    Args:
        reader (VideoReader): Open animation.
    """

    def __init__(self, reader: VideoReader) -> None:
        self._reader = reader
        timestamps = reader.get_frame_timestamp(np.arange(len(reader)))
        edges = np.round(timestamps / float(_MILLISECONDS)).astype(np.int64)
        super().__init__(
            edges[:, 0],
            edges[:, 1] - edges[:, 0],
            _MILLISECONDS,
            timestamps,
            reader.get_avg_fps(),
        )

    def frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode the file once, in order."""
        total, start, chunk = len(self._reader), 0, 1
        while start < total:
            numbers = range(start, min(start + chunk, total))
            pixels = self._reader.get_batch(numbers).asnumpy()
            for number, own in zip(numbers, pixels):
                yield number, av.VideoFrame.from_ndarray(own, format='rgb24')
            start += chunk
            chunk = max(1, min(_CHUNK, _CHUNK_BYTES // own.nbytes))


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    """Rotate the pixels by the rotation that the file states."""
    turns = round(frame.rotation / 90) % 4
    if not turns:
        return frame
    pixels = np.rot90(frame.to_ndarray(format='rgb24'), turns)
    return av.VideoFrame.from_ndarray(
        np.ascontiguousarray(pixels, np.uint8), format='rgb24'
    )
