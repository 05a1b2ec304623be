# Copyright (c) clipbert_mm contributors.
"""Tests of the timeline: bars, counted in pixels."""

import numpy as np
import pytest
from PIL import ImageColor

from clipbert_mm.visualization.timeline import (
    BAR,
    BEST,
    draw_timeline,
    plot_of,
)

SIZE = (640, 222)  # room for bars of up to 192 rows


def mask(image: np.ndarray, colour: str) -> np.ndarray:
    return (image == ImageColor.getrgb(colour)).all(-1)


def test_draw_timeline__heights_are_proportional_to_scores() -> None:
    clips = [(0, 1, 0.25), (2, 3, 0.5), (4, 5, 1.0), (6, 7, 0.0)]
    image = draw_timeline(clips, 8.0, SIZE)
    assert image.shape == (222, 640, 3)
    assert image.dtype == np.uint8
    heights = mask(image, BAR).sum(0)
    assert sorted(set(heights.tolist())) == [0, 48, 96]
    assert set(mask(image, BEST).sum(0).tolist()) == {0, 192}


def test_draw_timeline__columns_are_proportional_to_seconds() -> None:
    image = draw_timeline([(2, 4, 0.5), (5, 6, 0.9)], 10.0, (640, 120))
    for colour, start, end in ((BAR, 0.2, 0.4), (BEST, 0.5, 0.6)):
        columns = np.flatnonzero(mask(image, colour).any(0))
        np.testing.assert_allclose(
            [columns[0], columns[-1] + 1],
            28 + 600 * np.array([start, end]),
            atol=1,
        )
        assert len(columns) == np.ptp(columns) + 1


def test_draw_timeline__short_bars_lie_in_front() -> None:
    image = draw_timeline([(0, 10, 1.0), (4, 6, 0.5)], None, (640, 120))
    low = mask(image, BAR)
    assert low.sum(0).max() == 45
    columns = np.flatnonzero(low.any(0))
    assert mask(image, BEST)[:, columns].sum(0).tolist() == [45] * 120


def test_draw_timeline__a_moment_stays_visible_at_the_very_end() -> None:
    image = draw_timeline([(0, 1, 0.2), (3600, 3600, 0.9)])
    columns = np.flatnonzero(mask(image, BEST).any(0))
    assert columns.tolist() == [625, 626, 627]


def test_draw_timeline__a_still_image_has_no_seconds() -> None:
    assert mask(draw_timeline([(0.0, 0.0, 0.5)]), BEST).sum() == 3 * 45


def test_plot_of__duration_widens_the_axis() -> None:
    clips = [(0.0, 2.0, 0.5)]
    assert plot_of(clips, None, SIZE).span == 2.0
    assert plot_of(clips, 50.0, SIZE).span == 50.0


@pytest.mark.parametrize(
    'clips, options, message',
    [
        ([], {}, 'at least one clip, but got none'),
        ([(0, 1, 1.5)], {}, r'score of clip 0 must be in \[0, 1\].* got 1.5'),
        ([(0, 1, np.nan)], {}, r'score of clip 0 must be .* got nan'),
        ([(0, 1, 0), (3, 2, 0)], {}, 'Clip 1 must .* is from 3 to 2 s'),
        ([(-1, 1, 0)], {}, 'Clip 0 must start at 0 s or later'),
        (
            [(0, 9, 0)],
            dict(duration=5),
            'duration must reach .* 9 s, but got 5 s',
        ),
        ([(0, 9, 0)], dict(size=(10, 10)), r'size must be at least \(120'),
    ],
)
def test_draw_timeline__refuses(
    clips: list, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        draw_timeline(clips, **options)


@pytest.mark.parametrize('clip', [(0, 1), 'abc', ('a', 1, 0.5), 3, None])
def test_draw_timeline__clips_of_another_kind(clip: object) -> None:
    with pytest.raises(ValueError, match='Clip 0 must be start, end and scor'):
        draw_timeline([clip])  # type: ignore[list-item]
