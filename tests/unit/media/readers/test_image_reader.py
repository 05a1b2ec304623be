# Copyright (c) clipbert_mm contributors.
"""Tests of still images: right pixels, or an error that names the file."""

import cv2
import numpy as np
import pytest

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.readers.image_reader import decode_image

PIXELS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3


def encoded(suffix: str, pixels: np.ndarray) -> bytes:
    return cv2.imencode(suffix, pixels)[1].tobytes()


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.tiff'])
def test_decode_image__colours_in_order(suffix: str) -> None:
    image = decode_image(encoded(suffix, PIXELS[..., ::-1]), 'a')
    np.testing.assert_array_equal(image, PIXELS)
    assert image.dtype == np.uint8


def test_decode_image__jpeg_and_webp() -> None:
    colour = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    for suffix in ('.jpg', '.webp'):
        image = decode_image(encoded(suffix, colour[..., ::-1]), 'a')
        assert image.mean((0, 1)) == pytest.approx((200, 100, 50), abs=4)


def test_decode_image__grey_and_transparent_ones() -> None:
    grey = decode_image(encoded('.png', PIXELS[..., 0]), 'a')
    for channel in range(3):
        np.testing.assert_array_equal(grey[..., channel], PIXELS[..., 0])
    alpha = np.full((4, 6, 1), 128, np.uint8)
    content = encoded('.png', np.concatenate([PIXELS[..., ::-1], alpha], 2))
    np.testing.assert_array_equal(decode_image(content, 'a'), PIXELS)


@pytest.mark.parametrize(
    'content', [b'no image', encoded('.png', PIXELS)[:20]]
)
def test_decode_image__of_something_else(content: bytes) -> None:
    with pytest.raises(
        MediaError,
        match="^cannot use 'a.png': it is not an image that OpenCV can decode",
    ):
        decode_image(content, 'a.png')


def test_decode_image__damaged() -> None:
    content = encoded('.png', PIXELS)
    with pytest.raises(MediaError, match="^cannot use 'a.png': .*OpenCV"):
        decode_image(content[:-20], 'a.png')
