# Copyright (c) clipbert_mm contributors.
"""Draw texts in any script with whatever fonts are installed."""

import functools
import importlib.util
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from matplotlib import font_manager, get_data_path
from matplotlib.ft2font import FT2Font
from PIL import ImageDraw, ImageFont

from clipbert_mm.utils.warning import warn_caller

#: Environment variable with font files to use first.
FONT_VARIABLE = 'CLIPBERT_FONTS'
_REMEDY = (
    "Install one that has them (pip install 'clipbert_mm[fonts]' for Chinese, "
    f'Japanese and Korean) or name its file in the variable {FONT_VARIABLE}.'
)
_INVISIBLE = frozenset(('Mn', 'Me', 'Cf'))  # marks, joiners, variants


class ScriptFont:
    """Font that takes each character from the first file that has it.

    The files are, in this order, those in the environment variable
    ``CLIPBERT_FONTS`` (separated as in ``PATH``), DejaVu Sans of matplotlib
    (Latin, Greek, Cyrillic, Arabic, Hebrew and others), Noto Sans CJK of the
    extra ``fonts``, and the fonts of the system. A character that no file has
    is drawn as a box with its code point, with a warning.

    Args:
        size (float): Height of a line in pixels.

    Example:
        >>> font = ScriptFont(20)
        >>> font.getlength('a dog') > font.getlength('a')
        True
    """

    def __init__(self, size: float) -> None:
        self.size = size

    def getlength(self, text: str) -> float:
        """Return the width of a text in pixels."""
        return sum(self._width(*run) for run in split_runs(text))

    def draw(
        self,
        pen: ImageDraw.ImageDraw,
        corner: tuple[float, float],
        text: str,
        colour: str,
    ) -> None:
        """Draw a text.

        Args:
            pen (ImageDraw.ImageDraw): Pen of the image.
            corner (tuple[float, float]): Left end and top of the line.
            text (str): Text, in one line.
            colour (str): Colour, such as ``'#202020'``.

        Warns:
            UserWarning: If no font has one of the characters.
        """
        x, top = corner
        baseline = top + 0.95 * self.size
        for path, part in split_runs(text):
            if path is None:
                self._draw_boxes(pen, x, top, part, colour)
                _warn_once(part)
            else:
                font = _load(path, self.size)
                pen.text((x, baseline), part, colour, font, 'ls')
            x += self._width(path, part)

    def _width(self, path: str | None, text: str) -> float:
        if path is None:
            return len(text) * self.size
        return _load(path, self.size).getlength(text)

    def _draw_boxes(
        self,
        pen: ImageDraw.ImageDraw,
        x: float,
        top: float,
        text: str,
        colour: str,
    ) -> None:
        """Draw the hexadecimal code points in boxes, two digits in a line."""
        digits = _load(_default_path(), max(4, self.size * 0.4))
        for character in text:
            box = (x + 1, top + 1, x + self.size - 2, top + self.size)
            pen.rectangle(box, outline=colour)
            code = f'{ord(character):04X}'
            half = (len(code) + 1) // 2
            middle = x + self.size / 2
            for row, part in ((0.33, code[:half]), (0.75, code[half:])):
                pen.text(
                    (middle, top + row * self.size), part, colour, digits, 'mm'
                )
            x += self.size


def split_runs(text: str) -> list[tuple[str | None, str]]:
    """Split a text where another font file is needed.

    Args:
        text (str): The text. Control characters become spaces.

    Returns:
        list[tuple[str | None, str]]: Font file, None if there is none, and
        part of the text. Marks, joiners and spaces stay with what they
        follow.

    Example:
        >>> [part for _, part in split_runs('a dog')]
        ['a dog']
    """
    runs: list[tuple[str | None, str]] = []
    for character in text:
        kind = unicodedata.category(character)
        if kind == 'Cc':
            character = ' '
        path = runs[-1][0] if runs else _default_path()
        follows = kind in _INVISIBLE or character == ' '
        if follows and path is None:
            path, follows = _default_path(), False
            character = '' if kind in _INVISIBLE else character
        elif not follows and (
            path is None or ord(character) not in _characters(path)
        ):
            path = find_font(character)
        if runs and runs[-1][0] == path:
            runs[-1] = (path, runs[-1][1] + character)
        elif character:
            runs.append((path, character))
    return runs


@functools.lru_cache(maxsize=4096)
def find_font(character: str) -> str | None:
    """Return the first font file that has a character.

    Args:
        character (str): One character.

    Returns:
        str | None: Path of the file; None if no font has it.

    Example:
        >>> Path(find_font('a')).suffix
        '.ttf'
    """
    code = ord(character)
    return next(
        (path for path in _font_files() if code in _characters(path)), None
    )


def _font_files() -> Iterator[str]:
    """Yield the font files in the order in which they are asked."""
    named = os.environ.get(FONT_VARIABLE, '')
    for path in filter(None, named.split(os.pathsep)):
        if not os.path.isfile(path):
            raise FileNotFoundError(
                f'{FONT_VARIABLE} names {path!r}, which is no file.'
            )
        yield path
    yield _default_path()
    yield from _extra_files()
    yield from _system_files()


def _default_path() -> str:
    return str(Path(get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf'))


@functools.cache
def _extra_files() -> tuple[str, ...]:
    """Return the files of the extra ``fonts``, without importing it."""
    spec = importlib.util.find_spec('notojp_matplotlib')
    places = (spec and spec.submodule_search_locations) or ()
    return tuple(
        str(path)
        for place in places
        for path in sorted(Path(place, 'fonts').glob('*.*tf'))
    )


@functools.cache
def _system_files() -> tuple[str, ...]:
    return tuple(sorted(font_manager.findSystemFonts()))


@functools.cache
def _characters(path: str) -> frozenset[int]:
    """Return the code points that a font file can draw at any size."""
    try:
        font = FT2Font(path)
        ImageFont.truetype(path, 12)
        return frozenset(font.get_charmap())
    except (OSError, RuntimeError):  # bitmaps of one size, or no font
        return frozenset()


@functools.lru_cache(maxsize=64)
def _load(path: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@functools.lru_cache(maxsize=1024)
def _warn_once(characters: str) -> None:
    codes = ', '.join(f'U+{ord(c):04X}' for c in dict.fromkeys(characters))
    warn_caller(f'No font has the characters {codes}. {_REMEDY}')
