# Copyright (c) clipbert_mm contributors.
"""Tests of opening files with Pillow."""

import io
import warnings
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

from clipbert_mm.media.readers.pillow_files import open_with_pillow
from tests.toolbox.bombs import write_gif_header


@pytest.mark.parametrize('form', ['PNG', 'JPEG', 'WEBP', 'TIFF', 'BMP', 'GIF'])
def test_open_with_pillow__all_formats(form: str) -> None:
    content = io.BytesIO()
    Image.new('RGB', (9, 5)).save(content, form)
    assert open_with_pillow(content).size == (9, 5)
    with pytest.raises(UnidentifiedImageError):
        open_with_pillow(content, ['ICO'])


def test_open_with_pillow__large_ones_without_a_warning(
    tmp_path: Path,
) -> None:
    path = write_gif_header(tmp_path / 'a.gif', 30000)
    with path.open('rb') as file, warnings.catch_warnings():
        warnings.simplefilter('error')
        assert open_with_pillow(file).size == (30000, 30000)


def test_open_with_pillow__no_image() -> None:
    with pytest.raises(UnidentifiedImageError, match='not an image that Pil'):
        open_with_pillow(io.BytesIO(b'GIF89a'))
