# Copyright (c) clipbert_mm contributors.
"""Tests of frame sizes, against the reference's."""

import pytest

from clipbert_mm.media.frame_size import fitted_size, long_side_shape
from tests.toolbox.reference_data import load_json


def test_long_side_shape__is_the_references() -> None:
    table = load_json()['resize_sizes_448_768']
    assert len(table) > 10
    for name, expected in table.items():
        height, width = map(int, name.split('x'))
        got = [list(long_side_shape(height, width, s)) for s in (448, 768)]
        assert got == expected, name


@pytest.mark.parametrize(
    'size, long_side, expected',
    [
        ((1920, 1080), 448, (448, 252)),
        ((1080, 1920), 448, (252, 448)),
        ((320, 240), 448, (320, 240)),
        ((449, 3), 448, (448, 2)),
        ((1, 1), 448, (2, 2)),
    ],
)
def test_fitted_size(
    size: tuple[int, int], long_side: int, expected: tuple[int, int]
) -> None:
    assert fitted_size(*size, long_side) == expected
