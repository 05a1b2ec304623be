# Copyright (c) clipbert_mm contributors.
"""Tests of reading still images."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmaction.datasets.transforms import FormatShape

from clipbert_mm.datasets import LoadImageClip
from clipbert_mm.media.errors import MediaError


def test_load_image_clip__is_one_clip_of_one_rgb_frame(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:, :, 0] = 200  # red
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, pixels[:, :, ::-1])
    got = LoadImageClip()(dict(filename=path))
    np.testing.assert_array_equal(got['imgs'][0], pixels)
    assert got['img_shape'] == got['original_shape'] == (4, 6)
    assert FormatShape('NCTHW')(got)['imgs'].shape == (1, 3, 1, 4, 6)


def test_load_image_clip__grey_images_get_three_channels(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, np.full((4, 6), 9, np.uint8))
    assert LoadImageClip()(dict(filename=path))['imgs'][0].shape == (4, 6, 3)


@pytest.mark.parametrize('content', [b'', b'no image'])
def test_load_image_clip__not_an_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'bad.jpg'
    path.write_bytes(content)
    reason = 'it is a text file' if content else 'the file is empty'
    with pytest.raises(MediaError, match=f'bad.jpg.*{reason}'):
        LoadImageClip()(dict(filename=str(path)))


def test_load_image_clip__missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='none.jpg'):
        LoadImageClip()(dict(filename=str(tmp_path / 'none.jpg')))
