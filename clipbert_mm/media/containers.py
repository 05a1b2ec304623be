# Copyright (c) clipbert_mm contributors.
"""Open media files with PyAV, and choose the stream to read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import av
from av.stream import Disposition

from .completeness import check_complete
from .reading import open_media
from .sniffing import HEAD_BYTES, check_video

# Demuxers that read nothing but the file itself. FFmpeg refuses all others:
# playlists and session descriptions open other files and addresses.
FORMATS = (
    'mov matroska webm avi mpegts mpeg mpegvideo h264 hevc vvc m4v asf flv '
    'live_flv ogg mxf mxf_opatom rm nut ivf yuv4mpegpipe dv wtv gxf obu av1 '
    'nsv vc1 vc1test dirac cavsvideo amv gif'
).split()
_OPTIONS = {
    'format_whitelist': ','.join(FORMATS),
    'protocol_whitelist': 'none',
}
_NOT_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails


def open_container(file: BinaryIO) -> av.container.InputContainer:
    """Open a media file from which FFmpeg can reach no other.

    FFmpeg gets neither the name of the file nor any protocol, so nothing in
    the file can make it open another file or an address.

    Args:
        file (BinaryIO): File that can be read and sought; the caller closes
            it.

    Returns:
        av.container.InputContainer: Open file.

    Raises:
        av.error.FFmpegError: If it is not of one of :data:`FORMATS`.
    """
    file.seek(0)
    return av.open(
        _Nameless(file),
        'r',
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


class _Nameless:
    """File without a name, from which FFmpeg would derive a format."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


def video_stream(
    container: av.container.InputContainer, num_threads: int = 1
) -> av.video.stream.VideoStream:
    """Return the video stream of a file that FFmpeg considers the best.

    Args:
        container (av.container.InputContainer): Open file.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1, because several processes decode side by side.

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
    if best not in videos:
        best = max(videos, key=lambda stream: stream.width * stream.height)
    assert isinstance(best, av.VideoStream)
    if best.codec_context is None:
        raise ValueError('FFmpeg has no decoder for its video stream')
    best.codec_context.thread_count = num_threads
    return best
