# Copyright (c) clipbert_mm contributors.
"""Tests of backgrounds and shapes, against the areas of geometry."""

import numpy as np
import pytest

from clipbert_mm.quickstart.corpus.drawing import (
    GROUNDS,
    SHAPES,
    TEXTURES,
    draw_ground,
    inside,
)

# Areas of shapes of radius 1.
AREAS = dict(
    circle=np.pi,
    square=1.7**2,
    triangle=1.8 * 1.98 / 2,
    cross=2 * 2 * 0.6 - 0.6**2,  # two bars, which share their middle
    ring=np.pi * (1 - 0.55**2),
)


@pytest.mark.parametrize('ground', GROUNDS)
@pytest.mark.parametrize('texture', TEXTURES)
def test_draw_ground__mean_is_the_colour(ground: str, texture: str) -> None:
    rows, columns = np.mgrid[0:64, 0:96]
    image = draw_ground(ground, texture, rows, columns)
    assert (image.shape, image.dtype) == ((64, 96, 3), np.int16)
    colour = np.array(GROUNDS[ground])
    assert image.mean((0, 1)) == pytest.approx(colour, abs=1)
    assert np.abs(image - colour).max() == (0 if texture == 'plain' else 12)


def test_draw_ground__textures() -> None:
    rows, columns = np.mgrid[0:64, 0:64]
    images = {
        name: draw_ground('gray', name, rows, columns)[..., 0]
        for name in TEXTURES
    }
    assert (np.diff(images['gradient'], axis=0) >= 0).all()
    assert (images['gradient'] == images['gradient'][:, :1]).all()
    assert (images['stripes'] == images['stripes'][:1]).all()
    # Stripes, an eighth of the width each.
    edges = np.flatnonzero(np.diff(images['stripes'][0]))
    assert edges.tolist() == [7, 15, 23, 31, 39, 47, 55]
    assert (images['checks'] == images['checks'].T).all()
    assert (images['checks'][0] == images['stripes'][0]).all()
    assert (images['checks'][8] != images['stripes'][0]).all()


@pytest.mark.parametrize('shape', SHAPES)
def test_inside__area_and_extent(shape: str) -> None:
    radius = 200.0
    dy, dx = np.mgrid[-250:251, -250:251]
    mask = inside(shape, dx, dy, radius)
    assert mask.sum() / radius**2 == pytest.approx(AREAS[shape], rel=0.01)
    assert (mask == mask[:, ::-1]).all()
    assert np.maximum(abs(dx), abs(dy))[mask].max() <= radius
    if shape != 'triangle':
        assert (mask == mask[::-1]).all()
    assert mask[250, 250] == (shape != 'ring')


def test_inside__triangle_points_upwards() -> None:
    dy, dx = np.mgrid[-20:21, -20:21]
    widths = inside('triangle', dx, dy, 20.0).sum(1)
    rows = np.flatnonzero(widths)
    assert (np.diff(widths[rows]) >= 0).all()
    assert dy[rows[[0, -1]], 0].tolist() == [-20, 16]
