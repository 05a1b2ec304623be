# Copyright (c) clipbert_mm contributors.
"""Tests of the frames that are written, and their times."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import numpy as np
import pytest

from clipbert_mm.media.compression.source import Source
from clipbert_mm.media.compression.timeline import exact_rate, timeline_of


class Times(Source):
    """Times of frames in milliseconds, without pixels."""

    def __init__(self, starts: Sequence[float], last: float, fps: float):
        edges = np.array([*starts, starts[-1] + last])
        super().__init__(
            edges[:-1].astype(np.int64),
            np.diff(edges).astype(np.int64),
            Fraction(1, 1000),
            np.stack([edges[:-1], edges[1:]], 1) / 1000,
            fps,
        )

    def frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield nothing."""
        yield from ()


def test_timeline__rounded_time_stamps_become_exact() -> None:
    starts = np.round(np.arange(5000) * 1001 / 30)  # as in WebM
    timeline = timeline_of(Times(starts, 33, 30000 / 1001), None)
    assert timeline.rate == 1 / timeline.time_base == Fraction(30000, 1001)
    assert timeline.sources.tolist() == list(range(5000))
    assert timeline.stamps.tolist() == list(range(5000))
    assert not timeline.drops


def test_timeline__a_varying_rate_stays() -> None:
    starts = [0, 10, 500, 900]
    timeline = timeline_of(Times(starts, 70, 4.1), None)
    assert timeline.varies
    assert timeline.stamps.tolist() == starts
    assert timeline.durations.tolist() == [10, 490, 400, 70]
    assert timeline.time_base == Fraction(1, 1000)


def test_timeline__a_lower_rate_takes_the_frames_of_its_times() -> None:
    timeline = timeline_of(Times(np.arange(40) * 50, 50, 20), 3)
    # 20 / 3 source frames each: 0, 6.7, 13.3, 20, 26.7, 33.3
    assert timeline.sources.tolist() == [0, 7, 13, 20, 27, 33]
    assert (timeline.rate, timeline.drops) == (3, True)
    varying = timeline_of(Times([0, 100, 200, 900], 100, 4), 5)
    # Shown at 0, 0.2, 0.4, 0.6, 0.8 s.
    assert varying.sources.tolist() == [0, 2, 2, 2, 2]


def test_timeline__a_higher_limit_changes_nothing() -> None:
    source = Times(np.arange(40) * 50, 50, 20)
    for limit in (20, 21, 240):
        timeline = timeline_of(source, limit)
        assert timeline.sources.tolist() == list(range(40))
        assert not timeline.drops


def test_timeline__one_frame_without_a_rate() -> None:
    timeline = timeline_of(Times([0], 0, np.nan), None)
    assert (timeline.rate, len(timeline.sources)) == (25, 1)


@pytest.mark.parametrize(
    'fps, rate',
    [
        (25.0, 25),
        (23.976023976, Fraction(24000, 1001)),
        (59.94005994, Fraction(60000, 1001)),
        (1e-5, Fraction(1, 1001)),
    ],
)
def test_exact_rate(fps: float, rate: Fraction) -> None:
    assert exact_rate(fps) == rate
