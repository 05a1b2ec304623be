# Copyright (c) clipbert_mm contributors.
"""Options that all video readers share."""

from typing import NamedTuple

from .background import Background
from .limits import VIDEO_LIMITS, MediaLimits

ON_DAMAGE = ('raise', 'scan', 'use')


class ReadOptions(NamedTuple):
    """How a video is read, whatever the decoder.

    Args:
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1.
        decode_size (int | None): Length of the longer side in pixels, to
            which the decoder scales. Defaults to None, the size of the file.
        on_damage (str): ``'raise'`` refuses files of which FFmpeg reports
            damage in what is read, ``'scan'`` in any part of the file;
            ``'use'`` takes the frames that it conceals. Defaults to
            ``'raise'``.
        limits (MediaLimits): Limits above which it is refused.
        background (Background | None): Colour behind the transparent pixels
            of GIFs and WebPs. Defaults to None, what the file stores there.
    """

    num_threads: int = 1
    decode_size: int | None = None
    on_damage: str = 'raise'
    limits: MediaLimits = VIDEO_LIMITS
    background: Background | None = None

    @property
    def refuses_damage(self) -> bool:
        """Whether damaged files are refused."""
        return self.on_damage != 'use'


DEFAULTS = ReadOptions()
