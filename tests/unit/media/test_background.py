# Copyright (c) clipbert_mm contributors.
"""Tests of the background behind transparent pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.datasets import LoadImageClip
from clipbert_mm.media.background import check_background, to_rgb
from clipbert_mm.media.compression.reencode import reencode
from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.media.opening import open_video, read_image

GREEN = (0, 200, 0)


def half_clear(red: int = 255) -> Image.Image:
    """Return 32x16 pixels: opaque, clear, and half clear at the end."""
    pixels = np.zeros((16, 32, 4), np.uint8)
    pixels[:, :8] = (red, 0, 0, 255)
    pixels[:, 16:] = (red, 0, 0, 128)
    return Image.fromarray(pixels)


def write_animation(path: Path) -> Path:
    frames = [half_clear(red) for red in (255, 155, 55)]
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=100,
        lossless=True,
        exact=True,
    )
    return path


def test_to_rgb__blends_by_the_opacity() -> None:
    pixels = np.asarray(to_rgb(half_clear(), GREEN))
    assert pixels[0, 0].tolist() == [255, 0, 0]
    assert pixels[0, 8].tolist() == list(GREEN)
    np.testing.assert_allclose(pixels[0, 31], [128, 99.6, 0], atol=1)
    hidden = np.asarray(to_rgb(half_clear(), None))
    assert hidden[0, 8].tolist() == [0, 0, 0]


@pytest.mark.parametrize('mode', ['P', 'LA', 'RGBA'])
def test_to_rgb__every_way_to_be_transparent(mode: str) -> None:
    image = Image.new('RGBA', (4, 4), (0, 0, 0, 0)).convert(mode)
    if mode == 'P':
        image.info['transparency'] = image.getpixel((0, 0))
    assert to_rgb(image, GREEN).getpixel((1, 1)) == GREEN


def test_to_rgb__opaque_images_stay() -> None:
    image = Image.new('RGB', (2, 2), (1, 2, 3))
    assert to_rgb(image, GREEN).getpixel((0, 0)) == (1, 2, 3)


@pytest.mark.parametrize(
    'value', [255, [255, 255], (0, 0, 256), 'red', (1.0, 0, 0), (True,) * 3]
)
def test_check_background__refuses_others(value: Any) -> None:
    with pytest.raises(ValueError, match='colour must be None or three int'):
        check_background('colour', value)
    with pytest.raises(ValueError, match='background must be None or three'):
        LoadImageClip(background=value)


def test_background__of_an_image(tmp_path: Path) -> None:
    path = tmp_path / 'a.png'
    half_clear().save(path)
    assert read_image(path)[0, 8].tolist() == [0, 0, 0]
    got = LoadImageClip(background=GREEN)(dict(filename=str(path)))
    assert got['imgs'][0][0, 8].tolist() == list(GREEN)
    assert got['img_shape'] == (16, 32)


def test_background__of_an_animation_and_its_video(tmp_path: Path) -> None:
    source = write_animation(tmp_path / 'a.webp')
    with open_video(source, background=GREEN) as reader:
        frames = reader.get_batch([0, 1, 2]).asnumpy()
        times = reader.get_frame_timestamp(range(3))
    assert frames[:, 0, 8].tolist() == [list(GREEN)] * 3
    assert frames[:, 0, 0, 0].tolist() == [255, 155, 55]
    with open_video(source) as reader:
        assert reader.get_batch([0]).asnumpy()[0, 0, 8].tolist() == [0, 0, 0]
    settings = Settings(background=GREEN, crf=0)
    target = tmp_path / 'a.mp4'
    # Larger than its source, and yet no copy of it, which is transparent.
    assert reencode(source, target, settings).kind in ('encoded', 'larger')
    assert settings.of_results()['background'] == list(GREEN)
    with open_video(target) as reader:
        written = reader.get_batch([0, 1, 2]).asnumpy().astype(int)
        np.testing.assert_allclose(
            reader.get_frame_timestamp(range(3))[:, 0], times[:, 0], atol=1e-3
        )
    assert abs(written[:, 4, 11] - GREEN).max() < 16  # between the edges
