# Copyright (c) clipbert_mm contributors.
"""Choose when the frames of a video are shown after re-encoding."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clipbert_mm.media.containers import open_source, video_stream
from clipbert_mm.media.timestamps import has_constant_rate

MAX_FPS = 30  # of videos with a variable rate
MIN_FRACTION = 0.9  # of the frames that a file claims to have


class Timeline(NamedTuple):
    """Frames of a source, and frames to write.

    Args:
        num_frames (int): Number of frames of the source.
        begin (float): Time stamp of the first frame, in seconds.
        interval (float): Seconds from frame to frame; the shortest interval
            if the rate varies.
        source_rate (Fraction | None): Rate of the source in frames per
            second; None if it varies.
        has_times (bool): Whether decoded frames have reliable time stamps.
        rate (Fraction): Frames per second to write.
        total (int): Number of frames to write.
    """

    num_frames: int
    begin: float
    interval: float
    source_rate: Fraction | None
    has_times: bool
    rate: Fraction
    total: int

    def seconds(self, number: int, time: float | None) -> float:
        """Return when a decoded frame is shown, after the first frame.

        Args:
            number (int): Number of decoded frames before it.
            time (float | None): Time stamp of the frame, in seconds.

        Returns:
            float: Seconds since the first frame.
        """
        if time is not None and self.has_times:
            if self.source_rate is None:
                return time - self.begin
            number = round((time - self.begin) / self.interval)
        return float(number / (self.source_rate or self.rate))

    def frames_before(self, seconds: float) -> int:
        """Return how many frames are written before a time.

        A frame counts from half a frame before its time, because time stamps
        are rounded.

        Args:
            seconds (float): Seconds since the first frame.

        Returns:
            int: Number of frames.
        """
        shift = min(self.interval, float(1 / self.rate)) / 2
        due = int(np.ceil((seconds - shift) * self.rate))
        return min(max(due, 0), self.total)

    def check_complete(self, found: int) -> None:
        """Raise if many frames of the file are missing.

        Args:
            found (int): Number of frames that could be decoded.

        Raises:
            ValueError: If it is much smaller than ``num_frames``.
        """
        _check_complete(found, self.num_frames)


def read_timeline(source: Path, max_fps: float | None) -> Timeline:
    """Read when frames are shown, without decoding them.

    A rate that varies by more than half a frame becomes the rate of the
    shortest interval, at most 30 frames per second.

    Args:
        source (Path): Path of the video.
        max_fps (float | None): Maximum frames per second to write.

    Returns:
        Timeline: Frames of the source, and frames to write.

    Raises:
        ValueError: If the source has no video, or ends early.
    """
    with open_source(source) as container:
        stream = video_stream(container)
        packets = [p for p in container.demux(stream) if p.size]
        claimed, stated = stream.frames, stream.average_rate
        base = float(stream.time_base or 1)
        # The time stamps of an AVI are in decoding order.
        has_times = container.format.name != 'avi'
    _check_complete(len(packets), claimed)
    shown = [p for p in packets if not p.is_discard]
    if not shown:
        raise ValueError('it has no frames')
    stamps = [p.dts if p.pts is None else p.pts for p in shown]
    if None in stamps:  # a raw stream, of which only the rate is known
        stamps, base = list(range(len(shown))), 1 / float(stated or 25)
        has_times = False
    seconds = np.sort(np.array(stamps, dtype=np.float64)) * base
    last = max(p.duration or 0 for p in shown[-1:]) * base
    return timeline_of(seconds, last, stated, has_times, max_fps)


def timeline_of(
    seconds: np.ndarray,
    last: float,
    stated: Fraction | None,
    has_times: bool,
    max_fps: float | None,
) -> Timeline:
    """Choose the rate to write.

    Args:
        seconds (np.ndarray): Shape ``(T,)``, start of every frame in
            seconds, ascending.
        last (float): Duration of the last frame in seconds.
        stated (Fraction | None): Rate that the file claims.
        has_times (bool): Whether decoded frames have reliable time stamps.
        max_fps (float | None): Maximum frames per second to write.

    Returns:
        Timeline: Frames of the source, and frames to write.

    Example:
        >>> times = np.arange(4) / 10
        >>> timeline_of(times, 0.1, Fraction(10), True, max_fps=5).total
        2
    """
    steps = len(seconds) - 1
    span = float(seconds[-1] - seconds[0])
    if has_constant_rate(seconds):
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
        rate = Fraction(min(1 / interval, MAX_FPS)).limit_denominator(1001)
        last = max(last, interval)
        total = max(round((span + last) * rate), 1)
    if max_fps is not None and max_fps < rate:
        rate = Fraction(max_fps).limit_denominator(1001)
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


def _check_complete(found: int, expected: int) -> None:
    if found < MIN_FRACTION * expected:
        raise ValueError(
            f'it ends early: only {found} of {expected} frames are there'
        )
