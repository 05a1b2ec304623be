# Copyright (c) clipbert_mm contributors.
"""Square frames against the image processors of transformers."""

import numpy as np
import pytest
from transformers import image_transforms
from transformers.image_utils import PILImageResampling

from clipbert_mm.datasets import ResizeSquare


@pytest.mark.parametrize('shape', [(60, 91), (91, 60), (32, 32), (17, 40)])
@pytest.mark.parametrize('fit', ['stretch', 'crop'])
def test_resize_square__is_what_transformers_gives(
    shape: tuple[int, int], fit: str
) -> None:
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (*shape, 3), np.uint8)
    size: tuple[int, int] = (32, 32)
    if fit == 'crop':
        size = image_transforms.get_resize_output_image_size(
            frame, 32, default_to_square=False
        )
    expected = image_transforms.resize(frame, size, PILImageResampling.BICUBIC)
    if fit == 'crop':
        expected = image_transforms.center_crop(expected, (32, 32))
    found = ResizeSquare(32, fit)(dict(imgs=[frame]))
    assert found['img_shape'] == found['imgs'][0].shape[:2] == (32, 32)
    np.testing.assert_array_equal(found['imgs'][0], expected)


def test_resize_square__takes_known_fits() -> None:
    with pytest.raises(ValueError, match='fit must be one of'):
        ResizeSquare(32, 'pad')
