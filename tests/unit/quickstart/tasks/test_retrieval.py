# Copyright (c) clipbert_mm contributors.
"""Tests of the quickstart's retrieval task."""

import pytest

from clipbert_mm.quickstart.tasks import retrieval


@pytest.mark.parametrize(
    'query, found',
    [
        ('there is a large crimson disc', None),
        ('a big red disc on black at the right', None),
        ('Small, violet box left on grey!', 'gallery001'),
    ],
)
def test_right_video__by_attributes(query: str, found: str) -> None:
    rows = [
        dict(
            clip_name='gallery000',
            caption='a large red circle moves at the left of a black '
            'background',
        ),
        dict(
            clip_name='gallery001',
            caption='at the left we see a little square that is purple on '
            'gray',
        ),
    ]
    assert retrieval.right_video(query, rows) == found
