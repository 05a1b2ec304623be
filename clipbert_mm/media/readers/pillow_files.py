# Copyright (c) clipbert_mm contributors.
"""Open files with Pillow, whose own limits cannot be set for a file."""

import struct
from collections.abc import Sequence
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

# What Pillow raises for truncated or damaged files.
PILLOW_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    IndexError,
    TypeError,
    OverflowError,
    struct.error,
)


def open_with_pillow(
    file: BinaryIO, formats: Sequence[str] = ()
) -> Image.Image:
    """Read the header of an image, without its pixels.

    ``Image.open`` warns of large images, or refuses them, by a limit of the
    whole process.

    Args:
        file (BinaryIO): Open file; the caller closes it.
        formats (Sequence[str]): Pillow's names of the formats to try.
            Defaults to none, which means all.

    Returns:
        Image.Image: The image.

    Raises:
        UnidentifiedImageError: If it is not of one of the formats.
    """
    Image.init()
    file.seek(0)
    start = file.read(16)
    for name in formats or Image.ID:
        factory, accepts = Image.OPEN[name]
        accepted = accepts(start) if accepts else True
        # A text says that Pillow lacks a library for the format.
        if not accepted or isinstance(accepted, str):
            continue
        file.seek(0)
        try:
            return factory(file, '')
        except PILLOW_ERRORS:
            continue
    raise UnidentifiedImageError('it is not an image that Pillow can read')
