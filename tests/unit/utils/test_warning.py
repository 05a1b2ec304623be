# Copyright (c) clipbert_mm contributors.
"""Tests of warnings."""

import pytest

from clipbert_mm.apis.matches import warn_of_skipped
from clipbert_mm.apis.video_features import SkippedVideo
from clipbert_mm.utils.warning import warn_caller


def test_warn_caller__names_the_line_outside_the_package() -> None:
    with pytest.warns(UserWarning, match='^direct$') as caught:
        warn_caller('direct')
    with pytest.warns(UserWarning, match='left out') as through:
        warn_of_skipped([SkippedVideo('a.mp4', 'empty')])
    for warning in (caught[0], through[0]):
        assert warning.filename == __file__
