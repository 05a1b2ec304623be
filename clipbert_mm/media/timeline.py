# Copyright (c) clipbert_mm contributors.
"""When the frames of a video are shown, and at which rate to write them."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

MOST_FPS = 30  # of a rate that varies
LEAST_SHARE = 0.9  # of the frames that a file claims to have


class Timeline(NamedTuple):
    """The frames of a source and those to write.

    Args:
        num_frames (int): Of the source.
        begin (float): Time stamp of its first frame, in seconds.
        interval (float): Seconds from frame to frame, the least if the rate
            varies.
        source_rate (Fraction, optional): Frames per second; None if it
            varies.
        has_times (bool): Whether decoded frames have time stamps to rely on.
        rate (Fraction): Frames per second to write.
        total (int): Frames to write.
    """

    num_frames: int
    begin: float
    interval: float
    source_rate: Fraction | None
    has_times: bool
    rate: Fraction
    total: int

    def seconds(self, number: int, time: float | None) -> float:
        """When a decoded frame is shown, from the first frame on.

        Args:
            number (int): Decoded frames before it.
            time (float, optional): Its time stamp in seconds.
        """
        if time is not None and self.has_times:
            if self.source_rate is None:
                return time - self.begin
            number = round((time - self.begin) / self.interval)
        return float(number / (self.source_rate or self.rate))

    def frames_before(self, seconds: float) -> int:
        """How many frames are written before that of a time.

        A frame is taken for the times from half a frame before it on, as
        time stamps are rounded.

        Args:
            seconds (float): When the frame is shown.
        """
        shift = min(self.interval, float(1 / self.rate)) / 2
        due = int(np.ceil((seconds - shift) * self.rate))
        return min(max(due, 0), self.total)

    def check_complete(self, found: int) -> None:
        """Refuse a file that lacks many frames.

        Args:
            found (int): Frames that could be decoded.

        Raises:
            ValueError: If they are much fewer than the file has.
        """
        _check_complete(found, self.num_frames)


def read_timeline(source: Path, most_fps: float | None) -> Timeline:
    """Read when frames are shown, without decoding them.

    A rate that varies (by more than half a frame) becomes that of the
    shortest interval, at most 30 frames per second.

    Args:
        source (Path): The video.
        most_fps (float, optional): Most frames per second to write.

    Returns:
        Timeline: The frames of the source and those to write.

    Raises:
        ValueError: If the source has no video, or ends early.
    """
    with av.open(str(source)) as container:
        stream = video_stream(container)
        packets = [p for p in container.demux(stream) if p.size]
        claimed, stated = stream.frames, stream.average_rate
        base = float(stream.time_base)
        # The time stamps of an AVI are in the order of decoding.
        has_times = container.format.name != 'avi'
    _check_complete(len(packets), claimed)
    shown = [p for p in packets if not p.is_discard]
    if not shown:
        raise ValueError('it has no frames')
    stamps = [p.dts if p.pts is None else p.pts for p in shown]
    if None in stamps:  # a raw stream: only its rate is known
        stamps, base = list(range(len(shown))), 1 / float(stated or 25)
        has_times = False
    seconds = np.sort(np.array(stamps, dtype=np.float64)) * base
    last = max(p.duration or 0 for p in shown[-1:]) * base
    return timeline_of(seconds, last, stated, has_times, most_fps)


def timeline_of(
    seconds: np.ndarray,
    last: float,
    stated: Fraction | None,
    has_times: bool,
    most_fps: float | None,
) -> Timeline:
    """Choose the rate to write.

    Args:
        seconds (np.ndarray): When the frames are shown, ascending.
        last (float): How long the last one is shown.
        stated (Fraction, optional): The rate that the file claims.
        has_times (bool): As in :class:`Timeline`.
        most_fps (float, optional): Most frames per second to write.

    Returns:
        Timeline: The frames of the source and those to write.

    Example:
        >>> times = np.arange(4) / 10
        >>> timeline_of(times, 0.1, Fraction(10), True, most_fps=5).total
        2
    """
    steps = len(seconds) - 1
    span = float(seconds[-1] - seconds[0])
    if _is_constant(seconds):
        source_rate = stated or Fraction(1)
        # Time stamps are rounded, but the stated rate is not always right.
        if span and abs(float(source_rate) * span - steps) > 0.5:
            source_rate = Fraction(steps / span).limit_denominator(1001)
        rate, total = source_rate, len(seconds)
        interval = span / steps if span else float(1 / rate)
        last = interval
    else:
        intervals = np.diff(seconds)
        interval = float(intervals[intervals > 0].min())
        source_rate = None
        rate = Fraction(min(1 / interval, MOST_FPS)).limit_denominator(1001)
        last = max(last, interval)
        total = max(round((span + last) * rate), 1)
    if most_fps is not None and most_fps < rate:
        rate = Fraction(most_fps).limit_denominator(1001)
        total = max(round((span + last) * rate), 1)
    return Timeline(
        len(seconds),
        float(seconds[0]),
        interval,
        source_rate,
        has_times,
        rate,
        total,
    )


def _is_constant(seconds: np.ndarray) -> bool:
    """Whether all are within half a frame of a regular grid."""
    grid = np.linspace(seconds[0], seconds[-1], len(seconds))
    half = (seconds[-1] - seconds[0]) / max(len(seconds) - 1, 1) / 2
    return len(seconds) < 3 or bool(np.abs(seconds - grid).max() <= half)


def _check_complete(found: int, expected: int) -> None:
    if found < LEAST_SHARE * expected:
        raise ValueError(
            f'it ends early: only {found} of {expected} frames are there'
        )


def video_stream(
    container: av.container.InputContainer,
) -> av.video.stream.VideoStream:
    """The video of a file, to be decoded by one thread.

    Args:
        container (InputContainer): The file.

    Returns:
        VideoStream: Its first video stream.

    Raises:
        ValueError: If it has none.
    """
    if not container.streams.video:
        raise ValueError('it has no video stream')
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1  # processes are side by side
    return stream
