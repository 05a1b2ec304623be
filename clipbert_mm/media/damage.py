# Copyright (c) clipbert_mm contributors.
"""Damage of a file, as FFmpeg reports it."""

from collections.abc import Sequence

import av

from .errors import MediaError
from .ffmpeg_log import ErrorLog, LoggedError
from .packet_index import PacketIndex, stamps_of

_REMEDY = "copy or download it again, or set on_damage='use'"


def check_container(
    log: ErrorLog, container: av.container.InputContainer, filename: str
) -> None:
    """Raise if FFmpeg has reported an error about a container.

    Errors of decoders are no damage here: FFmpeg decodes a few frames when it
    opens a file, and those may depend on frames before the file begins.

    Args:
        log (ErrorLog): Errors since before the file was opened.
        container (av.container.InputContainer): Open file.
        filename (str): Name of the file.

    Raises:
        MediaError: If the container is damaged.
    """
    for error in log.errors():
        if error.source == container.format.name:
            raise damaged(filename, f'FFmpeg reports "{error}"')


def check_packets(index: PacketIndex, filename: str) -> None:
    """Raise if parts of a video's packets are missing.

    Args:
        index (PacketIndex): Index of the video.
        filename (str): Name of the file.

    Raises:
        MediaError: If a packet is not whole.
    """
    if index.corrupt:
        raise damaged(filename, _parts_missing(len(index.corrupt)))


def damaged(filename: str, reason: str) -> MediaError:
    """Return the error about a damaged file.

    Args:
        filename (str): Name of the file.
        reason (str): Sign of the damage.

    Returns:
        MediaError: The error.

    Example:
        >>> str(damaged('a.ts', 'frame 3 is corrupt')).partition(';')[0]
        "cannot use 'a.ts': it is damaged: frame 3 is corrupt"
    """
    return MediaError(filename, f'it is damaged: {reason}; {_REMEDY}')


def sign_of_damage(
    packet: av.Packet,
    frames: Sequence[av.VideoFrame],
    errors: Sequence[LoggedError],
    index: PacketIndex,
) -> str:
    """Return why a packet or its frames are damaged.

    Args:
        packet (av.Packet): Packet that has been decoded.
        frames (Sequence[av.VideoFrame]): Frames that came out.
        errors (Sequence[LoggedError]): Errors that FFmpeg has reported.
        index (PacketIndex): Index of the video.

    Returns:
        str: The sign; empty if there is none.
    """
    if errors:
        return f'FFmpeg reports "{errors[0]}"'
    if any(frame.is_corrupt for frame in frames):
        return 'FFmpeg marks a frame as corrupt'
    if packet.is_corrupt and stamps_of(packet) in index.corrupt:
        return _parts_missing(1)
    return ''


def _parts_missing(number: int) -> str:
    return f'parts of {number} of its packets are missing'
