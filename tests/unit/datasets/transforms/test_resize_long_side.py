# Copyright (c) clipbert_mm contributors.
"""Tests of resizing, against the reference's pixels."""

import numpy as np
import pytest

from clipbert_mm.datasets import PadFrames, ResizeLongSide
from clipbert_mm.media.errors import MediaError
from tests.toolbox.reference_data import MEAN, array, load_json


def raw_frames(case: dict) -> list[np.ndarray]:
    """The two frames of a case, HWC."""
    shape = (2, 3, case['h'], case['w'])
    raw = np.random.default_rng(41).integers(0, 256, shape).astype(np.uint8)
    return [np.ascontiguousarray(f.transpose(1, 2, 0)) for f in raw]


@pytest.mark.parametrize(
    'name', ['landscape', 'portrait', 'upscale', 'square']
)
def test_resize_long_side__pixels_of_the_reference(name: str) -> None:
    case = load_json()['image'][name]
    size = case['max_size']
    results = dict(filename='a.mp4', imgs=raw_frames(case))
    results = ResizeLongSide(size, to_float32=True)(results)
    resized = results['imgs'][0].transpose(2, 0, 1)
    np.testing.assert_allclose(
        resized, array(f'image/{name}/resized'), rtol=0, atol=1e-3
    )
    assert results['img_shape'] == resized.shape[1:]

    frames = [img - MEAN for img in PadFrames(size)(results)['imgs']]
    final = frames[0].transpose(2, 0, 1)
    for key, got in (
        ('final_sample_row0', final[:, 0]),
        ('final_last_row', final[:, -1]),
        ('final_last_col', final[:, :, -1]),
    ):
        np.testing.assert_allclose(
            got, array(f'image/{name}/{key}'), rtol=0, atol=1e-3
        )
    np.testing.assert_allclose(
        np.sum(frames, axis=(0, 1, 2), dtype=np.float64),
        array(f'image/{name}/final_sum'),
        rtol=0,
        atol=1e-3 * 2 * size * size,
    )


def test_resize_long_side__uint8_stays_uint8_and_close() -> None:
    case = load_json()['image']['landscape']
    results = ResizeLongSide(64)(dict(filename='a.mp4', imgs=raw_frames(case)))
    assert results['imgs'][0].dtype == np.uint8
    difference = np.abs(
        results['imgs'][0].transpose(2, 0, 1)
        - array('image/landscape/resized')
    )
    assert difference.max() < 1


def test_resize_long_side__does_not_change_its_input() -> None:
    img = np.full((20, 30, 3), 7, np.uint8)
    imgs = [img]
    ResizeLongSide(15, to_float32=True)(dict(filename='a.mp4', imgs=imgs))
    assert imgs[0] is img
    assert img.shape == (20, 30, 3)


@pytest.mark.parametrize('shape', [(100, 501), (501, 100)])
def test_resize_long_side__extreme_ratio(shape: tuple[int, int]) -> None:
    assert load_json()['extreme_aspect_ratio_skipped']['100x501']
    height, width = shape
    with pytest.raises(
        MediaError, match=f"'a.mp4'.*{width}x{height}.*_ratio=5.0"
    ):
        ResizeLongSide(64)(
            dict(filename='a.mp4', imgs=[np.zeros((*shape, 3), np.uint8)])
        )


def test_resize_long_side__ratio_of_just_five_is_fine() -> None:
    results = dict(filename='a.mp4', imgs=[np.zeros((100, 500, 3), np.uint8)])
    assert ResizeLongSide(64)(results)['imgs'][0].shape == (12, 64, 3)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(size=0), 'size must be .* but got 0'),
        (dict(size=1.5), 'size must be .* but got 1.5'),
        (dict(size=8, max_aspect_ratio=0.5), 'must be >= 1, but got 0.5'),
    ],
)
def test_resize_long_side__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ResizeLongSide(**options)
