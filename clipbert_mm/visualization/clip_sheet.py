# Copyright (c) clipbert_mm contributors.
"""Clip sheet: the sampled clips of one video, below lines of text."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from clipbert_mm.utils.checks import check_integer

from .contact_sheet import BACKGROUND, FAINT, INK, MARGIN
from .drawing import fit, shorten, wrap
from .fonts import ScriptFont

FRAME_SIZE = 112  # pixels
_MIN_FRAME_SIZE = 64  # pixels: below, no note fits
_FRAMES_IN_ROW = 8
_LINE, _NOTE = 22, 17  # pixels from one line to the next


class Line(NamedTuple):
    """Line of text of a sheet.

    Args:
        text (str): Text in any script; it is wrapped.
        colour (str): Colour. Defaults to that of ink.
    """

    text: str
    colour: str = INK


class _Layout(NamedTuple):
    """Sizes in pixels, and numbers."""

    frame_size: int
    frames_in_row: int
    columns: int
    clip_width: int
    clip_height: int
    width: int

    @classmethod
    def of(
        cls,
        clips: Sequence[np.ndarray],
        notes: Sequence[Sequence[Line]],
        frame_size: int,
    ) -> '_Layout':
        most = max(len(clip) for clip in clips)
        in_row = min(most, _FRAMES_IN_ROW)
        columns = min(len(clips), _FRAMES_IN_ROW // in_row)
        clip_width = in_row * frame_size
        return cls(
            frame_size,
            in_row,
            columns,
            clip_width,
            -(-most // in_row) * frame_size
            + _NOTE * max(map(len, notes), default=0),
            max(5 * frame_size, columns * (clip_width + MARGIN)) + MARGIN,
        )


def draw_clip_sheet(
    lines: Sequence[Line],
    clips: Sequence[np.ndarray],
    notes: Sequence[Sequence[Line]] = (),
    frame_size: int = FRAME_SIZE,
) -> np.ndarray:
    """Draw lines of text, the clips of a video, and notes below each clip.

    Args:
        lines (Sequence[Line]): Lines at the top.
        clips (Sequence[np.ndarray]): At least one clip ``(T, H, W, 3)``,
            uint8, RGB, with at least one frame.
        notes (Sequence[Sequence[Line]]): Short lines below each clip.
            Defaults to none.
        frame_size (int): Side of the square that each frame is fitted into,
            in pixels. Defaults to 112.

    Returns:
        np.ndarray: Shape ``(H, W, 3)``, uint8, RGB.

    Raises:
        ValueError: If there are no clips, one has no frames, there are notes
            of another number of clips, or ``frame_size`` is too small.

    Example:
        >>> clips = np.zeros((2, 1, 48, 64, 3), np.uint8)
        >>> draw_clip_sheet([Line('a dog runs')], clips).shape
        (170, 572, 3)
    """
    if not len(clips) or any(len(clip) == 0 for clip in clips):
        raise ValueError(
            'A clip sheet needs clips with at least one frame each, but got '
            f'{[len(clip) for clip in clips]} frames.'
        )
    if len(notes) not in (0, len(clips)):
        raise ValueError(
            f'notes must be of {len(clips)} clips, but are of {len(notes)}.'
        )
    check_integer('frame_size', frame_size, _MIN_FRAME_SIZE)
    layout = _Layout.of(clips, notes, frame_size)
    font = ScriptFont(0.75 * _LINE)
    wrapped = [
        Line(part, line.colour)
        for line in lines
        for part in wrap(line.text, font, layout.width - 2 * MARGIN)
    ]
    top = MARGIN + len(wrapped) * _LINE + MARGIN
    rows = -(-len(clips) // layout.columns)
    height = top + rows * (layout.clip_height + MARGIN)
    sheet = Image.new('RGB', (layout.width, height), BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    for i, line in enumerate(wrapped):
        corner = (MARGIN, MARGIN + i * _LINE)
        font.draw(pen, corner, line.text, line.colour)
    for i, clip in enumerate(clips):
        x = MARGIN + i % layout.columns * (layout.clip_width + MARGIN)
        y = top + i // layout.columns * (layout.clip_height + MARGIN)
        _draw_clip(sheet, (x, y), clip, notes[i] if notes else (), layout)
    return np.asarray(sheet)


def _draw_clip(
    sheet: Image.Image,
    corner: tuple[int, int],
    clip: np.ndarray,
    notes: Sequence[Line],
    layout: _Layout,
) -> None:
    x, y = corner
    size, in_row = layout.frame_size, layout.frames_in_row
    for k, frame in enumerate(clip):
        place = (x + k % in_row * size, y + k // in_row * size)
        sheet.paste(fit(frame, size), place)
    y += -(-len(clip) // in_row) * size
    font = ScriptFont(0.75 * _NOTE)
    pen = ImageDraw.Draw(sheet)
    for i, note in enumerate(notes):
        text = shorten(note.text, font, layout.clip_width)
        font.draw(pen, (x, y + i * _NOTE), text, note.colour)


def note(text: str) -> Line:
    """Return a line that stands back.

    Args:
        text (str): Text of the line.

    Returns:
        Line: Line in grey.

    Example:
        >>> note('16 clips').colour
        '#707070'
    """
    return Line(text, FAINT)
