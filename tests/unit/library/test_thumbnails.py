# Copyright (c) clipbert_mm contributors.
"""Tests of thumbnails."""

import io

import numpy as np
from PIL import Image

from clipbert_mm.library.thumbnails import make_thumbnail


def test_thumbnail__is_the_middle_frame_without_padding() -> None:
    clip = np.zeros((3, 3, 400, 400), np.uint8)
    clip[0, 1, :200, :400] = 250
    image = Image.open(io.BytesIO(make_thumbnail(clip, (200, 400))))
    assert image.format == 'JPEG'
    assert image.size == (160, 80)
    pixels = np.asarray(image).astype(int)
    assert np.abs(pixels - (250, 0, 0)).max() <= 4
