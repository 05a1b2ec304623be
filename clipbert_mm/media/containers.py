# Copyright (c) clipbert_mm contributors.
"""Open media files with PyAV, and choose the stream to read."""

import ctypes
import errno
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import av
from av.stream import Disposition

from .completeness import check_complete
from .limits import VIDEO_LIMITS, MediaLimits
from .reading import LocalFile, open_media
from .sniffing import HEAD_BYTES, check_video

# Demuxers that read nothing but the file itself. FFmpeg refuses all others:
# playlists and session descriptions open other files and addresses.
FORMATS = (
    'mov matroska webm avi mpegts mpeg mpegvideo h264 hevc vvc m4v asf flv '
    'live_flv ogg mxf mxf_opatom rm nut ivf yuv4mpegpipe dv wtv gxf obu av1 '
    'nsv vc1 vc1test dirac cavsvideo amv gif mjpeg jpeg_pipe swf'
).split()
_OPTIONS = {
    'format_whitelist': ','.join(FORMATS),
    'protocol_whitelist': 'none',
}
_IMAGE_CODECS = frozenset(('mjpeg', 'png', 'bmp', 'tiff', 'gif', 'webp'))
_NOT_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails


def open_container(
    file: BinaryIO, limits: MediaLimits = VIDEO_LIMITS
) -> av.container.InputContainer:
    """Open a media file from which FFmpeg can reach no other.

    FFmpeg gets neither the name of the file nor any protocol, so nothing in
    the file can make it open another file or an address.

    Args:
        file (BinaryIO): File that can be read and sought; the caller closes
            it.
        limits (MediaLimits): Limits of what FFmpeg decodes in order to find
            out the size of the frames.

    Returns:
        av.container.InputContainer: Open file.

    Raises:
        av.error.FFmpegError: If it is not of one of :data:`FORMATS`.
    """
    file.seek(0)
    return av.open(
        _Nameless(file),
        'r',
        options=dict(max_pixels=str(limits.pixels)),
        container_options=_OPTIONS,
        metadata_errors='replace',
    )


def reason_of(error: Exception) -> str:
    """Return what FFmpeg says about a file, without number and name.

    Args:
        error (Exception): Error that PyAV raised.

    Returns:
        str: The reason.

    Example:
        >>> reason_of(ValueError('it has no video stream'))
        'it has no video stream'
    """
    if isinstance(error, av.error.FFmpegError):
        return error.strerror or str(error)
    return str(error)


def packets_of(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
) -> Generator[av.Packet, None, None]:
    """Yield the packets of a stream from the current place on.

    Sound or other streams may first appear in the middle of a file. PyAV does
    not know them, and fails at the end of such a file.

    Args:
        container (av.container.InputContainer): Open file.
        stream (av.video.stream.VideoStream): One of its streams.

    Yields:
        av.Packet: The next packet; the last one is empty, for the decoder.
    """
    with suppress(IndexError):
        yield from container.demux(stream)


@contextmanager
def open_source(path: Path) -> Iterator[av.container.InputContainer]:
    """Open a video on the local disk after checking that it is one.

    Args:
        path (Path): Path of the video.

    Yields:
        av.container.InputContainer: Open file.

    Raises:
        MediaError: If it is not a video.
        av.error.FFmpegError: If FFmpeg cannot open it.
    """
    with open_media(str(path)) as file:
        check_video(file.read(HEAD_BYTES), str(path))
        check_complete(file, str(path))
        with open_container(file) as container:
            yield container


def _states_bit_rate(stream: av.stream.Stream | None) -> bool:
    """Return whether FFmpeg's library can compare a stream with others.

    Where a container states no bit rates it takes the first stream, and not,
    as the command ``ffmpeg`` does, the largest.
    """
    context = getattr(stream, 'codec_context', None)
    return context is not None and bool(context.bit_rate)


def _prominence(
    stream: av.video.stream.VideoStream,
) -> tuple[bool, bool, bool, int]:
    """Return a key that is greatest for the stream that ``ffmpeg`` takes.

    A cover that is not marked as one is known by its codec.
    """
    context = stream.codec_context
    return (
        context is not None,
        context is not None and context.name not in _IMAGE_CODECS,
        bool(stream.disposition & Disposition.default),
        stream.width * stream.height,
    )


class _Nameless:
    """File without a name, from which FFmpeg would derive a format.

    PyAV loses a KeyboardInterrupt that is raised while FFmpeg reads, and
    FFmpeg takes the file for a damaged one. Python raises it in Python code
    only: here FFmpeg calls functions that are compiled.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file  # which would close itself
        self.read = file.read
        self.tell = file.tell
        self.seek: Callable[[int, int], int] = partial(
            _seek_or_error, file.seek
        )
        if isinstance(file, BytesIO):
            self.seek = file.seek  # every place can be reached
        elif isinstance(file, LocalFile) and os.name == 'posix':
            descriptor = file.fileno()
            self.read = partial(os.read, descriptor)
            self.tell = partial(os.lseek, descriptor, 0, os.SEEK_CUR)
            self.seek = partial(_system_seek(), descriptor)


def _seek_or_error(
    seek: Callable[[int, int], int], offset: int, whence: int
) -> int:
    """Go to a place; damaged files send FFmpeg to where no file reaches."""
    try:
        return seek(offset, whence)
    except (OSError, ValueError):
        return -errno.EINVAL


@cache
def _system_seek() -> Callable[[int, int, int], int]:
    """Return the system's lseek, which returns an error and raises none."""
    seek = ctypes.CDLL(None).lseek
    seek.argtypes = ctypes.c_int, ctypes.c_int64, ctypes.c_int
    seek.restype = ctypes.c_int64
    return seek


def check_limits(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    limits: MediaLimits,
    filename: str,
) -> None:
    """Raise if the headers of a video state more than the limits allow.

    Args:
        container (av.container.InputContainer): Open file.
        stream (av.video.stream.VideoStream): Its video stream.
        limits (MediaLimits): The limits.
        filename (str): Name of the file.

    Raises:
        MediaError: If they do.
    """
    limits.check_pixels(stream.width, stream.height, filename)
    limits.check_frames(stream.frames, filename)
    base = float(stream.time_base or 0)
    seconds = max(
        (container.duration or 0) / av.time_base,
        (stream.duration or 0) * base,
    )
    limits.check_seconds(seconds, filename)


def video_stream(
    container: av.container.InputContainer,
    num_threads: int = 1,
    limits: MediaLimits = VIDEO_LIMITS,
) -> av.video.stream.VideoStream:
    """Return the video stream of a file that FFmpeg considers the best.

    Args:
        container (av.container.InputContainer): Open file.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1, because several processes decode side by side.
        limits (MediaLimits): Limits of what the decoder decodes.

    Returns:
        av.video.stream.VideoStream: The stream. It is never a cover or
        another attached picture.

    Raises:
        ValueError: If the file has no video stream, or FFmpeg has no decoder
            for it.
    """
    videos = [
        stream
        for stream in container.streams.video
        if not stream.disposition & _NOT_VIDEO
    ]
    if not videos:
        covers = ', only attached pictures' if container.streams.video else ''
        raise ValueError(f'it has no video stream{covers}')
    best = container.streams.best('video')
    if best not in videos or not _states_bit_rate(best):
        best = max(videos, key=_prominence)
    assert isinstance(best, av.VideoStream)
    if best.codec_context is None:
        raise ValueError('FFmpeg has no decoder for its video stream')
    best.codec_context.thread_count = num_threads
    # Threads of slices lose the mark of corrupt frames.
    best.codec_context.thread_type = 'FRAME'
    best.codec_context.options = dict(max_pixels=str(limits.pixels))
    return best
