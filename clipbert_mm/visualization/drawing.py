# Copyright (c) clipbert_mm contributors.
"""Fit frames into squares, and break texts into lines."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from PIL import Image


class Font(Protocol):
    """Anything that measures texts, such as :class:`ScriptFont`."""

    def getlength(self, text: str, /) -> float:
        """Return the width of a text in pixels."""


def fit(frame: np.ndarray, side: int) -> Image.Image:
    """Scale a frame to fit a square, centred on grey.

    Args:
        frame (np.ndarray): Shape ``(H, W, 3)``, uint8, RGB.
        side (int): Side of the square in pixels.

    Returns:
        Image.Image: Image of ``side`` by ``side`` pixels.

    Example:
        >>> fit(np.zeros((10, 20, 3), np.uint8), 32).size
        (32, 32)
    """
    height, width = frame.shape[:2]
    scale = (side - 4) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR)
    square = Image.new('RGB', (side, side), '#d8d8d8')
    square.paste(image, ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


def wrap(text: str, font: Font, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` pixels.

    A wider word, such as a sentence in Japanese, is broken anywhere.

    Args:
        text (str): Text to break.
        font (Font): Font of the text.
        width (int): Maximum width of a line in pixels.

    Returns:
        list[str]: The lines.

    Example:
        >>> from PIL import ImageFont
        >>> wrap('a dog', ImageFont.load_default(20), 45)
        ['a', 'dog']
    """
    lines: list[str] = []
    for word in _pieces(text, font, width):
        longer = f'{lines[-1]} {word}' if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _pieces(text: str, font: Font, width: int) -> Iterator[str]:
    """Yield the words of a text, and wider ones in parts that fit."""
    for word in text.split():
        while font.getlength(word) > width and len(word) > 1:
            fits = 1
            while font.getlength(word[: fits + 1]) <= width:
                fits += 1
            yield word[:fits]
            word = word[fits:]
        yield word


def shorten(text: str, font: Font, width: int) -> str:
    """Replace the end of a text by dots until it fits.

    Args:
        text (str): Text to shorten; 8 characters remain in any case.
        font (Font): Font of the text.
        width (int): Maximum width in pixels.

    Returns:
        str: The text, or its start and three dots.

    Example:
        >>> from PIL import ImageFont
        >>> shorten('a_very_long_name', ImageFont.load_default(10), 60)
        'a_very_lon...'
    """
    while len(text) > 8 and font.getlength(text) > width:
        text = text[:-4] + '...'
    return text
