# Copyright (c) clipbert_mm contributors.
"""Tests of what the metrics share."""

import pytest

from clipbert_mm.evaluation.bad_videos import bad_video_error, check_out_file


def test_bad_video_error__lists_every_video() -> None:
    error = bad_video_error(dict(v0='no frames', v1='gone'), 3, 'skip them')
    assert isinstance(error, RuntimeError)
    assert str(error) == (
        '2 of 3 videos could not be read:\n'
        '  v0: no frames\n'
        '  v1: gone\n'
        'Fix or remove them, or skip them.'
    )


def test_check_out_file__refuses_another_suffix() -> None:
    check_out_file(None, '.npz')
    check_out_file('scores.npz', '.npz')
    with pytest.raises(
        ValueError, match=r"out_file must end in \.npz, but got 'scores'\."
    ):
        check_out_file('scores', '.npz')
