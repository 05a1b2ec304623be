# Copyright (c) clipbert_mm contributors.
"""Limits of what a media file may take: pixels, frames, seconds, bytes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from clipbert_mm.utils.checks import check_integer

from .errors import MediaError


class LimitError(MediaError):
    """A media file is above a limit.

    Args:
        filename (str): Path of the file.
        fact (str): What the file has, and the limit.
        name (str): Name of the limit.
    """

    def __init__(self, filename: str, fact: str, name: str) -> None:
        super().__init__(
            filename, f'{fact}; re-encode it, or set limits=dict({name}=...)'
        )
        self.args = (filename, fact, name)  # of a copy in another process
        self.fact = fact
        self.name = name


@dataclasses.dataclass(frozen=True)
class MediaLimits:
    """Limits above which a file is refused, before its frames are decoded.

    A few kilobytes can hold frames of gigabytes. The headers of a file are
    compared with the limits when it is opened, and its frames when they are
    decoded.

    Args:
        pixels (int): Maximum pixels per frame. Defaults to 36 million, above
            all 8K videos.
        frames (int): Maximum number of frames. Defaults to 5 million.
        seconds (int): Maximum duration. Defaults to 24 hours.
        num_bytes (int): Maximum size of the file. Defaults to 64 GiB.

    Raises:
        ValueError: If a limit is not a positive integer.

    Example:
        >>> MediaLimits(pixels=10**8).seconds
        86400
    """

    pixels: int = 36_000_000
    frames: int = 5_000_000
    seconds: int = 24 * 3600
    num_bytes: int = 2**36

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            check_integer(f'limits.{name}', value, 1)

    def check_pixels(self, width: int, height: int, filename: str) -> None:
        """Raise if a frame has too many pixels.

        Args:
            width (int): Width in pixels.
            height (int): Height in pixels.
            filename (str): Name of the file.

        Raises:
            LimitError: If it has.
        """
        if width * height > self.pixels:
            raise _above(
                filename,
                f'its frames have {width}x{height} pixels',
                'pixels',
                self.pixels,
            )

    def check_frames(self, number: int, filename: str) -> None:
        """Raise if there are too many frames.

        Args:
            number (int): Number of frames.
            filename (str): Name of the file.

        Raises:
            LimitError: If there are.
        """
        if number > self.frames:
            reason = f'it has {number} frames or more'
            raise _above(filename, reason, 'frames', self.frames)

    def check_seconds(self, seconds: float, filename: str) -> None:
        """Raise if a video is too long.

        Args:
            seconds (float): Its duration.
            filename (str): Name of the file.

        Raises:
            LimitError: If it is.
        """
        if seconds > self.seconds:
            reason = f'it is {seconds:.0f} s long'
            raise _above(filename, reason, 'seconds', self.seconds)

    def check_bytes(self, number: int, filename: str) -> None:
        """Raise if a file is too large.

        Args:
            number (int): Its size in bytes.
            filename (str): Name of the file.

        Raises:
            LimitError: If it is.
        """
        if number > self.num_bytes:
            reason = f'it has {number} bytes'
            raise _above(filename, reason, 'num_bytes', self.num_bytes)


VIDEO_LIMITS = MediaLimits()
# An image is held in memory as a whole, and cameras take 50 million pixels.
IMAGE_LIMITS = MediaLimits(pixels=100_000_000, num_bytes=2**30)


def read_limits(
    given: Mapping[str, Any] | MediaLimits | None, defaults: MediaLimits
) -> MediaLimits:
    """Build limits from the dict of a config.

    Args:
        given (Mapping[str, Any] | MediaLimits | None): The limits that differ
            from the defaults.
        defaults (MediaLimits): The defaults.

    Returns:
        MediaLimits: All limits.

    Raises:
        TypeError: If a limit is unknown.
        ValueError: If a limit is not a positive integer.

    Example:
        >>> read_limits(dict(seconds=60), VIDEO_LIMITS).seconds
        60
    """
    if given is None:
        return defaults
    if isinstance(given, MediaLimits):
        return given
    if not isinstance(given, Mapping):
        raise TypeError(f'limits must be a dict, but got {given!r:.80}.')
    valid = [field.name for field in dataclasses.fields(MediaLimits)]
    unknown = [key for key in given if key not in valid]
    if unknown:
        raise TypeError(
            f'limits must have options among {valid}, but got {unknown}.'
        )
    return dataclasses.replace(defaults, **given)


def _above(filename: str, reason: str, name: str, limit: int) -> LimitError:
    return LimitError(filename, f'{reason}, above the limit of {limit}', name)
