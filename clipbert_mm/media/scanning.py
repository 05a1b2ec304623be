# Copyright (c) clipbert_mm contributors.
"""Decode a whole file once, to find any damage that FFmpeg reports."""

import io
import os
import threading
import zlib
from typing import BinaryIO, Final

import av

from .animation_index import read_animation_index
from .containers import (
    check_limits,
    open_container,
    packets_of,
    reason_of,
    video_stream,
)
from .damage import damaged
from .ffmpeg_log import logged_errors
from .limits import VIDEO_LIMITS, MediaLimits
from .readers.pillow_files import PILLOW_ERRORS, open_with_pillow

_Identity = tuple[int, ...]
_LOCK: Final = threading.Lock()
_REPORTS: Final[dict[_Identity, str]] = {}  # by file, of this process


def check_undamaged(
    file: BinaryIO, filename: str, limits: MediaLimits = VIDEO_LIMITS
) -> None:
    """Raise unless FFmpeg decodes a whole video without a report of damage.

    A reader decodes only what it needs, and therefore misses reports about
    the other frames, although damage may also show where FFmpeg does not
    report it. The result is remembered for as long as the file is the same.

    Args:
        file (BinaryIO): Open file; its place is changed.
        filename (str): Name of the file, for errors.
        limits (MediaLimits): Limits of what is decoded.

    Raises:
        MediaError: If FFmpeg reports anything, or cannot decode it.
    """
    identity = _identity_of(file)
    with _LOCK:
        report = _REPORTS.get(identity)
    if report is None:
        report = find_damage(file, filename, limits)
        with _LOCK:
            _REPORTS[identity] = report
    if report:
        raise damaged(filename, report)


def find_damage(
    file: BinaryIO, filename: str, limits: MediaLimits = VIDEO_LIMITS
) -> str:
    """Decode a whole video, and stop at the first report of damage.

    Pillow decodes animated WebPs.

    Also healthy files may be reported: streams that begin between key
    frames, and joined transport streams.

    Args:
        file (BinaryIO): Open file.
        filename (str): Name of the file, for errors.
        limits (MediaLimits): Limits of what is decoded.

    Returns:
        str: The report; empty if there is none.

    Raises:
        LimitError: If it is above a limit.
    """
    file.seek(0)
    if file.read(4) == b'RIFF' and file.read(8)[4:] == b'WEBP':
        return _damage_of_webp(file, filename, limits)
    number = 0
    with logged_errors() as log:
        try:
            with open_container(file, limits) as container:
                stream = video_stream(container, limits=limits)
                check_limits(container, stream, limits, filename)
                context = stream.codec_context
                # Errors that are concealed otherwise.
                context.options = {**context.options, 'err_detect': 'explode'}
                for packet in packets_of(container, stream):
                    frames = packet.decode()
                    number += len(frames)
                    limits.check_frames(number, filename)
                    if packet.is_corrupt:
                        return f'parts of packet {packet.pts} are missing'
                    if any(frame.is_corrupt for frame in frames):
                        return f'FFmpeg marks frame {number - 1} as corrupt'
                    if log.errors():
                        break
        except (av.error.FFmpegError, ValueError, OSError) as error:
            reason = reason_of(error)
        else:
            reason = ''
        errors = log.errors()
    if errors:
        reason = f'"{errors[0]}"'
    return f'FFmpeg reports {reason} after {number} frames' if reason else ''


def _damage_of_webp(file: BinaryIO, filename: str, limits: MediaLimits) -> str:
    index = read_animation_index(file, filename, limits)
    number = 0
    try:
        image = open_with_pillow(file, ('WEBP',))
        for number in range(len(index.delays)):
            image.seek(number)
            image.load()
    except PILLOW_ERRORS as error:
        return f'Pillow cannot decode frame {number}: {error}'
    return index.problem


def _identity_of(file: BinaryIO) -> _Identity:
    """Return numbers that change with the content of a file."""
    if isinstance(file, io.BytesIO):
        content = file.getbuffer()
        return len(content), zlib.crc32(content), zlib.adler32(content)
    status = os.fstat(file.fileno())
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
