# Copyright (c) clipbert_mm contributors.
"""Choose which frames are written, and when they are shown."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from clipbert_mm.media.timestamps import RegularGrid, has_constant_rate

from .source import Source

_DEFAULT_RATE = 25.0  # of raw streams that do not state theirs


class Timeline(NamedTuple):
    """Frames to write.

    Args:
        sources (np.ndarray): Shape ``(T,)``, number of the source's frame
            that each written frame shows, ascending.
        stamps (np.ndarray): Shape ``(T,)``, int64, start of each written
            frame in units of ``time_base``.
        durations (np.ndarray): Shape ``(T,)``, int64, duration of each
            written frame.
        time_base (Fraction): Unit of the stamps in seconds.
        rate (Fraction): Frames per second; the highest if the rate varies.
        varies (bool): Whether the rate varies.
        drops (bool): Whether frames of the source are dropped.
    """

    sources: np.ndarray
    stamps: np.ndarray
    durations: np.ndarray
    time_base: Fraction
    rate: Fraction
    varies: bool
    drops: bool


def timeline_of(source: Source, max_fps: float | None) -> Timeline:
    """Choose the frames to write: all, or fewer for a lower rate.

    A clip sampler picks the same frames of the result as of the source. A
    constant rate, whose time stamps may be rounded, becomes exact; a rate
    that varies by more than half a frame stays as it is.

    Args:
        source (Source): Video to re-encode.
        max_fps (float | None): Maximum frames per second to write.

    Returns:
        Timeline: Frames to write.
    """
    varies = not has_constant_rate(source.timestamps[:, 0])
    fps = _rate_of(source, varies)
    if max_fps is not None and max_fps < fps:
        return _slower(source, fps, varies, max_fps)
    number = len(source.stamps)
    if varies:
        stamps, base = source.stamps, source.time_base
        last = max(int(source.durations[-1]), int(np.diff(stamps).min()))
        durations = np.append(np.diff(stamps), last)
    else:
        stamps, base = np.arange(number), 1 / exact_rate(fps)
        durations = np.ones(number, np.int64)
    return Timeline(
        np.arange(number),
        stamps,
        durations,
        base,
        exact_rate(fps),
        varies,
        drops=False,
    )


def _rate_of(source: Source, varies: bool) -> float:
    if varies:
        return RegularGrid(source.timestamps).fps
    return source.fps if np.isfinite(source.fps) else _DEFAULT_RATE


def exact_rate(fps: float) -> Fraction:
    """Return a rate as the fraction that containers state.

    Args:
        fps (float): Frames per second.

    Returns:
        Fraction: Frames per second, above 0.

    Example:
        >>> exact_rate(29.97002997)
        Fraction(30000, 1001)
    """
    return Fraction(fps).limit_denominator(1001) or Fraction(1, 1001)


def _slower(
    source: Source, fps: float, varies: bool, max_fps: float
) -> Timeline:
    """Take the frames that are shown at the times of a lower rate.

    A frame counts from half a frame before its time, because time stamps are
    rounded.
    """
    rate = exact_rate(max_fps)
    number = len(source.stamps)
    if varies:
        starts = source.timestamps[:, 0] - source.timestamps[0, 0]
        ends = source.timestamps[-1, 1] - source.timestamps[0, 0]
        seconds = max(float(ends), float(starts[-1]) + 1 / fps)
    else:
        starts = np.arange(number) / float(exact_rate(fps))
        seconds = number / fps
    total = max(round(seconds * rate), 1)
    due = np.ceil((starts - 0.5 / fps) * float(rate))
    sources = np.searchsorted(due, np.arange(total), side='right') - 1
    return Timeline(
        np.maximum(sources, 0),
        np.arange(total),
        np.ones(total, np.int64),
        1 / rate,
        rate,
        varies=False,
        drops=True,
    )
