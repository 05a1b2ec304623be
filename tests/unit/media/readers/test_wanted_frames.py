# Copyright (c) clipbert_mm contributors.
"""Tests of the array of wanted frames."""

import numpy as np
import pytest

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.readers.wanted_frames import WantedFrames


def frame(value: int, width: int = 3) -> np.ndarray:
    return np.full((2, width, 3), value, np.uint8)


def test_wanted_frames__any_order_and_repeated() -> None:
    wanted = WantedFrames(np.array([40, 0, 40, 80]), 'a.mp4')
    assert wanted.missing == {0, 40, 80}
    for stamp in (0, 40, 80):
        wanted.add(stamp, frame(stamp))
    assert not wanted.missing
    assert wanted.array()[:, 0, 0, 0].tolist() == [40, 0, 40, 80]


def test_wanted_frames__starts_again() -> None:
    wanted = WantedFrames(np.array([0, 40]), 'a.mp4')
    wanted.add(0, frame(1))
    wanted.start_again()
    assert wanted.missing == {0, 40}
    wanted.add(0, frame(2))
    wanted.add(40, frame(3))
    assert wanted.array()[:, 0, 0, 0].tolist() == [2, 3]


def test_wanted_frames__none() -> None:
    assert WantedFrames(np.array([], np.int64), 'a.mp4').array().shape[0] == 0


def test_wanted_frames__of_two_sizes() -> None:
    wanted = WantedFrames(np.array([0, 40]), 'a.mp4')
    wanted.add(0, frame(1))
    with pytest.raises(
        MediaError, match="'a.mp4': the size of its frames changes from 3x2 to"
    ):
        wanted.add(40, frame(2, width=5))
