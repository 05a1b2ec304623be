# Copyright (c) clipbert_mm contributors.
"""Intact still images in many forms."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .forms import draw_frames

Writer = Callable[[Path], None]


def _picture(mode: str = 'RGB') -> Image.Image:
    *_, pixels = draw_frames(number=12)
    return Image.fromarray(pixels).convert(mode)


def _saved(mode: str = 'RGB', **options: Any) -> Writer:
    return lambda path: _picture(mode).save(path, **options)


def _sixteen_bits(path: Path) -> None:
    grey = np.asarray(_picture('L')).astype(np.uint16) * 257
    Image.fromarray(grey).save(path)


def _turned(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    _picture().save(path, exif=exif)


#: Functions that write an intact image, by name of the file.
STILLS: dict[str, Writer] = {
    'a.jpg': _saved(),
    'grey.jpg': _saved('L'),
    'cmyk.jpg': _saved('CMYK'),
    'progressive.jpg': _saved(progressive=True),
    'turned.jpg': _turned,
    'a.jpeg': _saved(quality=30, subsampling=0),
    'a.png': _saved(),
    'alpha.png': _saved('RGBA'),
    'palette.png': _saved('P'),
    'grey.png': _saved('L'),
    'grey16.png': _sixteen_bits,
    'bits.png': _saved('1'),
    'a.bmp': _saved(),
    'palette.bmp': _saved('P'),
    'a.webp': _saved(),
    'lossless.webp': _saved(lossless=True),
    'alpha.webp': _saved('RGBA'),
    'a.tiff': _saved(),
    'deflate.tiff': _saved(compression='tiff_adobe_deflate'),
}
