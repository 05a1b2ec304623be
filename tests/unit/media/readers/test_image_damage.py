# Copyright (c) clipbert_mm contributors.
"""Damaged images are recognised, and intact ones of every variant are not."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.readers.image_damage import sign_of_image_damage
from clipbert_mm.media.readers.image_reader import decode_image

VARIANTS: dict[str, dict] = {
    'RGB': dict(),
    'RGB, small': dict(quality=5, subsampling=2),
    'RGB, not subsampled': dict(quality=98, subsampling=0),
    'RGB, progressive': dict(progressive=True),
    'RGB, restart markers': dict(restart_marker_blocks=4),
    'L': dict(optimize=True),
    'L, progressive': dict(progressive=True),
    'CMYK': dict(),
}


def encoded(variant: str, width: int = 150, height: int = 90) -> bytes:
    rng = np.random.default_rng(len(variant))
    coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
    image = Image.fromarray(cv2.resize(coarse, (width, height)))
    memory = io.BytesIO()
    mode = variant.partition(',')[0]
    image.convert(mode).save(memory, 'JPEG', **VARIANTS[variant])
    return memory.getvalue()


@pytest.mark.parametrize('variant', VARIANTS)
def test_sign__intact(variant: str) -> None:
    rng = np.random.default_rng(0)
    for width, height in [(150, 90), (1, 1), (17, 301), (16, 16)]:
        content = encoded(variant, width, height)
        for tail in (b'', bytes(500), rng.bytes(500), content):
            assert not sign_of_image_damage(content + tail)


@pytest.mark.parametrize('variant', VARIANTS)
def test_sign__cut(variant: str) -> None:
    content = encoded(variant)
    sign = sign_of_image_damage(content[: len(content) * 9 // 10])
    assert sign.startswith('FFmpeg reports "mjpeg: ')


@pytest.mark.parametrize('variant', ['RGB', 'CMYK'])
def test_decode_image__bytes_changed(variant: str) -> None:
    content = bytearray(encoded(variant))
    for place in range(len(content) // 2, len(content), 50):
        content[place] ^= 0x15
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None  # OpenCV conceals it
    with pytest.raises(
        MediaError, match=r"'a.jpg': it is damaged: FFmpeg reports \"mjpeg: "
    ):
        decode_image(bytes(content), 'a.jpg')


@pytest.mark.parametrize('compression', ['tiff_adobe_deflate', 'raw'])
def test_sign__tiff(compression: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, 'TIFF', compression=compression)
    content = memory.getvalue()
    assert not sign_of_image_damage(content)
    damaged = content[:16] + bytes(48) + content[64:]
    is_packed = compression != 'raw'
    assert ('Uncompressing' in sign_of_image_damage(damaged)) == is_packed
