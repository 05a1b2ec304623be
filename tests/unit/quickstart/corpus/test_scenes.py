# Copyright (c) clipbert_mm contributors.
"""Tests of scenes and of the frames that show them."""

import numpy as np
import pytest

from clipbert_mm.quickstart.corpus import scenes

RED_SQUARE = scenes.Combination('red', 'square', 'black', 'large', 'left')


def test_scenes__combinations_and_neighbours() -> None:
    combinations = scenes.all_combinations()
    assert len(set(combinations)) == 6 * 5 * 4 * 2 * 3
    near = scenes.neighbours(RED_SQUARE)
    assert len(set(near)) == 5 + 4 + 3 + 1 + 2
    for other in near:
        assert sum(a != b for a, b in zip(other, RED_SQUARE)) == 1


@pytest.mark.parametrize('shape', scenes.SHAPES)
def test_frames__shape_is_where_and_what_the_caption_says(shape) -> None:
    combination = RED_SQUARE._replace(shape=shape)
    rng = np.random.default_rng(0)
    look = scenes.Look(
        96, 96, 'plain', (0, 0, 0), scale=1.0, phase=0.0, speed=2.0
    )
    images = list(scenes.frames(combination, look, rng, [0.0, 0.5]))
    # Of a large shape, whose radius is 0.27 of the image.
    height = dict(square=1.7, triangle=1.8).get(shape, 2.0) * 0.27
    middles = []
    for image in images:
        red = image[..., 0] > 150
        rows, columns = np.nonzero(red)
        middles.append(rows.mean())
        assert columns.mean() / 96 == pytest.approx(0.25, abs=0.03)
        assert np.ptp(rows) / 96 == pytest.approx(height, abs=0.03)
        assert image[~red].mean(0) == pytest.approx((14, 14, 14), abs=3)
    assert abs(middles[0] - middles[1]) > 5  # it moves


@pytest.mark.parametrize('shape', scenes.SHAPES)
def test_place_figure__box_holds_the_shape(shape) -> None:
    combination = RED_SQUARE._replace(shape=shape)
    look = scenes.Look(
        128, 96, 'plain', (0, 0, 0), scale=0.95, phase=2.0, speed=-1.5
    )
    rng = np.random.default_rng(0)
    (image,) = scenes.frames(combination, look, rng, [0.7])
    rows, columns = np.nonzero(image[..., 0] > 150)
    x, y, radius = scenes.place_figure(combination, look, 0.7)
    least = dict(square=0.85, triangle=0.8).get(shape, 1.0) * radius
    for pixels, centre in ((rows, y), (columns, x)):
        assert centre - radius - 1 < pixels.min() <= centre - least + 1
        assert centre + least - 1 <= pixels.max() < centre + radius + 1
