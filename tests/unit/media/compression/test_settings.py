# Copyright (c) clipbert_mm contributors.
"""Tests of the settings of re-encoding: defaults and ranges."""

import pytest

from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.media.limits import VIDEO_LIMITS


def test_settings__defaults() -> None:
    assert Settings().limits == VIDEO_LIMITS
    assert Settings().of_results() == dict(
        fps=None,
        long_side=448,
        keyframe_interval=12,
        crf=23,
        keep_larger=False,
        on_damage='raise',
    )


@pytest.mark.parametrize(
    'name, least, most',
    [
        ('fps', 0.1, 240),
        ('long_side', 16, 8192),
        ('keyframe_interval', 1, 1000),
        ('crf', 0, 51),
    ],
)
def test_settings__ranges(name: str, least: float, most: float) -> None:
    for value in (least, most):
        assert getattr(Settings(**{name: value}), name) == value
    for value in (least - 0.1, most + 1, float('nan')):
        with pytest.raises(
            ValueError,
            match=rf'^{name} must be in \[{least}, {most}\], but got {value}',
        ):
            Settings(**{name: value})
