# Copyright (c) clipbert_mm contributors.
"""Tests of the names and files of sheets."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.utils.whole_files import FileNotWrittenError
from clipbert_mm.visualization.sheet_files import safe_name, save_sheet

NAMES = ['../a/b', 'a\0b\n', 'x' * 500, '赤' * 500, '\udcff', '', '...']


@pytest.mark.parametrize('name', NAMES)
def test_safe_name__is_a_file_of_its_folder(tmp_path: Path, name: str) -> None:
    sheet = np.zeros((8, 8, 3), np.uint8)
    save_sheet(tmp_path / f'{safe_name(f"item_1_{name}")}.png', sheet)
    (found,) = tmp_path.iterdir()
    assert found.name.startswith('item_1_')
    assert found.suffix == '.png'


def test_save_sheet__keeps_the_pixels(tmp_path: Path) -> None:
    sheet = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    save_sheet(tmp_path / 'new' / 'a.png', sheet)
    saved = np.asarray(Image.open(tmp_path / 'new' / 'a.png'))
    np.testing.assert_array_equal(saved, sheet)
    (tmp_path / 'file').touch()
    with pytest.raises(FileNotWrittenError):
        save_sheet(tmp_path / 'file' / 'a.png', sheet)
