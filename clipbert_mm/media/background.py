# Copyright (c) clipbert_mm contributors.
"""Background behind the transparent pixels of an image."""

from collections.abc import Sequence
from typing import Any

from PIL import Image

#: Red, green and blue, each from 0 to 255.
Background = tuple[int, int, int]

_MODES_WITH_ALPHA = ('RGBA', 'LA', 'PA', 'La', 'RGBa')


def check_background(
    name: str, value: Sequence[int] | None
) -> Background | None:
    """Return a background, or raise unless it is a colour.

    Args:
        name (str): Name of the option, for the message.
        value (Sequence[int] | None): Red, green and blue, or None.

    Returns:
        Background | None: The colour as a tuple, or None.

    Raises:
        ValueError: If it is neither.

    Example:
        >>> check_background('background', [255, 255, 255])
        (255, 255, 255)
    """
    if value is None:
        return None
    if (
        not isinstance(value, list | tuple)
        or len(value) != 3
        or not all(_is_channel(channel) for channel in value)
    ):
        raise ValueError(
            f'{name} must be None or three integers in [0, 255], red, green '
            f'and blue, but got {value!r}.'
        )
    red, green, blue = value
    return red, green, blue


def to_rgb(image: Image.Image, background: Background | None) -> Image.Image:
    """Return an image in RGB, on a background where it is transparent.

    Args:
        image (Image.Image): The image, or the current frame of an animation.
        background (Background | None): Colour behind transparent pixels.
            With None they show the colour that the file stores below them,
            often black.

    Returns:
        Image.Image: Image of mode ``'RGB'``.

    Example:
        >>> clear = Image.new('RGBA', (1, 1), (0, 0, 0, 0))
        >>> to_rgb(clear, (255, 255, 255)).getpixel((0, 0))
        (255, 255, 255)
    """
    clear = image.mode in _MODES_WITH_ALPHA or 'transparency' in image.info
    if background is None or not clear:
        return image.convert('RGB')
    ground = Image.new('RGBA', image.size, (*background, 255))
    ground.alpha_composite(image.convert('RGBA'))
    return ground.convert('RGB')


def _is_channel(value: Any) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and 0 <= value <= 255
