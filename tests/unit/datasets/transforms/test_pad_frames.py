# Copyright (c) clipbert_mm contributors.
"""Tests of padding."""

import numpy as np
import pytest

from clipbert_mm.datasets import PadFrames


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_pad_frames__zeros_at_the_bottom_and_right(dtype: type) -> None:
    img = np.arange(1, 13, dtype=dtype).reshape(2, 2, 3)
    got = PadFrames(3)(dict(imgs=[img, img]))
    assert len(got['imgs']) == 2
    assert got['img_shape'] == (3, 3)
    padded = got['imgs'][1]
    assert padded.dtype == dtype
    assert padded.shape == (3, 3, 3)
    np.testing.assert_array_equal(padded[:2, :2], img)
    assert not padded[2].any()
    assert not padded[:, 2].any()


def test_pad_frames__too_large() -> None:
    imgs = [np.zeros((4, 9, 3), np.uint8)]
    with pytest.raises(ValueError, match=r'8x8 pixels, but got 9x4'):
        PadFrames(8)(dict(imgs=imgs))


def test_pad_frames__wrong_size() -> None:
    with pytest.raises(ValueError, match='size must be .* but got 0'):
        PadFrames(0)
