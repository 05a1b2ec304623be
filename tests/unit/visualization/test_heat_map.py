# Copyright (c) clipbert_mm contributors.
"""Heat maps against OpenCV's resizing."""

import cv2
import numpy as np

from clipbert_mm.visualization.heat_map import draw_heat, upscale_cells


def test_upscale_cells__equals_bilinear_resizing() -> None:
    cells = np.random.default_rng(0).random((3, 4))
    expected = cv2.resize(cells, (32, 24), interpolation=cv2.INTER_LINEAR)
    found = upscale_cells(cells, (8, 8), (24, 32))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    # Cells may exceed the frame.
    np.testing.assert_array_equal(
        upscale_cells(cells, (8, 8), (20, 30)), found[:20, :30]
    )


def test_draw_heat__keeps_what_is_relevant() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    heat = np.full((4, 4), -1.0)
    heat[1, 2] = 2.0
    drawn = draw_heat(frame, heat)
    np.testing.assert_array_equal(drawn[1, 2], frame[1, 2])
    assert (drawn[0] == np.round(frame[0] * 0.3)).all()
