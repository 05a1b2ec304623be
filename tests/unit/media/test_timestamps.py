# Copyright (c) clipbert_mm contributors.
"""Tests of constant and variable frame rates."""

import numpy as np

from clipbert_mm.media.timestamps import RegularGrid, has_constant_rate


def test_has_constant_rate__tolerates_rounded_time_stamps() -> None:
    starts = np.round(np.arange(200) / 30, 3)  # Matroska: milliseconds
    assert has_constant_rate(starts)
    starts[100:] += 0.5
    assert not has_constant_rate(starts)


def test_regular_grid__shows_the_frame_of_the_time() -> None:
    starts = np.array([0.0, 0.1, 0.2, 0.7, 0.8, 1.3])
    ends = np.append(starts[1:], 1.5)
    grid = RegularGrid(np.stack([starts, ends], 1) + 0.4)
    assert round(grid.fps) == 10
    shown = [
        max(i for i, start in enumerate(starts) if start <= k / 10 + 1e-6)
        for k in range(grid.total_frames)
    ]
    assert len(shown) == 15
    assert grid.source_frames(np.arange(15)).tolist() == shown
