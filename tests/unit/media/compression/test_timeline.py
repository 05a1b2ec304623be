# Copyright (c) clipbert_mm contributors.
"""Tests of the times of re-encoded frames."""

from fractions import Fraction

import numpy as np

from clipbert_mm.media.compression.timeline import timeline_of


def test_timeline__stated_rate_that_is_wrong() -> None:
    timeline = timeline_of(
        np.arange(100) / 12.5, 0.08, Fraction(25), True, None
    )
    assert (timeline.rate, timeline.total) == (Fraction(25, 2), 100)


def test_timeline__rounded_time_stamps_do_not_drift() -> None:
    seconds = np.round(np.arange(5000) * 1001 / 30000, 3)  # as in WebM
    timeline = timeline_of(seconds, 0.033, Fraction(30000, 1001), True, None)
    assert (timeline.rate, timeline.total) == (Fraction(30000, 1001), 5000)
    written = [
        timeline.frames_before(timeline.seconds(0, time)) for time in seconds
    ]
    assert written == list(range(5000))


def test_timeline__neither_jitter_nor_drift_loses_a_frame() -> None:
    numbers = np.arange(100)
    jitter = 0.3 * np.random.default_rng(0).uniform(-1, 1, 100)
    jitter[[0, -1]] = 0
    # At the end 0.4 frames behind the 25 per second that the file claims.
    seconds = (numbers * (1 + 0.4 / 99) + jitter) / 25
    timeline = timeline_of(seconds, 0.04, Fraction(25), True, None)
    assert (timeline.rate, timeline.total) == (25, 100)
    assert [
        timeline.frames_before(timeline.seconds(0, time)) for time in seconds
    ] == numbers.tolist()
