# Copyright (c) clipbert_mm contributors.
"""Timeline of a video: the scores of its clips over seconds."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from clipbert_mm.utils.checks import check_fraction

BACKGROUND, INK, FAINT, GRID = '#ffffff', '#202020', '#707070', '#e4e4e4'
BAR, BEST = '#9db4cc', '#1a8a3c'
MIN_SIZE = (120, 48)  # pixels: below, no label fits
_MIN_BAR = 3  # pixels: clips of a long video remain visible
_STEPS = (1, 2, 5)  # seconds between ticks, times a power of ten

Clip = tuple[float, float, float]


class TimelinePlot(NamedTuple):
    """Place of the bars in the image, in pixels.

    Args:
        left (int): First column.
        top (int): Row of score 1.
        right (int): Column after the last one.
        bottom (int): Row after that of score 0.
        span (float): Seconds of the whole width.
    """

    left: int
    top: int
    right: int
    bottom: int
    span: float

    def column(self, seconds: float) -> int:
        """Return the column of a time."""
        width = self.right - self.left
        return self.left + round(seconds / self.span * width)

    def row(self, score: float) -> int:
        """Return the row of a score."""
        return self.bottom - round(score * (self.bottom - self.top))


def draw_timeline(
    clips: Iterable[Sequence[float]],
    duration: float | None = None,
    size: tuple[int, int] = (640, 120),
) -> np.ndarray:
    """Draw the scores of the clips of a video as bars over seconds.

    A bar is as wide as its clip, at least three pixels, and as high as its
    score; that of the best clip is green. Shorter bars lie in front.

    Args:
        clips (Iterable[Sequence[float]]): ``(start, end, score)`` of each
            clip, in seconds and in [0, 1], as :meth:`ClipBERTInferencer.rank`
            returns them.
        duration (float | None): Seconds of the video. Defaults to None, the
            end of the last clip.
        size (tuple[int, int]): Width and height of the image in pixels.
            Defaults to ``(640, 120)``.

    Returns:
        np.ndarray: Shape ``(height, width, 3)``, uint8, RGB.

    Raises:
        ValueError: If there are no clips, a clip ends before it starts, a
            score is not in [0, 1], the duration is shorter than the clips,
            or the image is too small.

    Example:
        >>> draw_timeline([(0.0, 1.0, 0.2), (4.0, 5.0, 0.9)], 8.0).shape
        (120, 640, 3)
    """
    checked = _check_clips(clips)
    plot = plot_of(checked, duration, size)
    image = Image.new('RGB', size, BACKGROUND)
    pen = ImageDraw.Draw(image)
    _draw_axes(pen, plot)
    best = max(checked, key=lambda clip: clip[2])
    for clip in sorted(checked, key=lambda clip: -clip[2]):
        start, end, score = clip
        first = plot.column(start)
        last = max(plot.column(end), first + _MIN_BAR) - 1
        shift = max(0, last - (plot.right - 1))
        colour = BEST if clip is best else BAR
        top = plot.row(score)
        if top < plot.bottom:  # Pillow draws at least one row
            pen.rectangle(
                (first - shift, top, last - shift, plot.bottom - 1), colour
            )
    return np.asarray(image)


def plot_of(
    clips: Sequence[Clip], duration: float | None, size: tuple[int, int]
) -> TimelinePlot:
    """Return where bars are drawn.

    Args:
        clips (Sequence[Clip]): ``(start, end, score)`` of each clip.
        duration (float | None): Seconds of the video, None for the end of
            the last clip.
        size (tuple[int, int]): Width and height of the image in pixels.

    Returns:
        TimelinePlot: Place of the bars.

    Raises:
        ValueError: If the duration is shorter than the clips, or the image
            is too small.

    Example:
        >>> plot = plot_of([(0.0, 2.0, 0.5)], 10.0, (640, 120))
        >>> plot.column(0.0) == plot.left, plot.column(10.0) == plot.right
        (True, True)
    """
    width, height = size
    if width < MIN_SIZE[0] or height < MIN_SIZE[1]:
        raise ValueError(
            f'size must be at least {MIN_SIZE} pixels, but got {size}.'
        )
    last = max(end for _, end, _ in clips)
    if duration is not None and not last - 0.05 <= duration < math.inf:
        raise ValueError(
            f'duration must reach the end of the last clip, {last:g} s, but '
            f'got {duration:g} s.'
        )
    span = max(last, duration or 0.0)
    return TimelinePlot(28, 8, width - 12, height - 22, span or 1.0)


def _check_clips(clips: Iterable[Sequence[float]]) -> list[Clip]:
    checked: list[Clip] = []
    for position, clip in enumerate(clips):
        try:
            start, end, score = map(float, clip)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f'Clip {position} must be start, end and score, but is '
                f'{clip!r:.80}.'
            ) from error
        check_fraction(f'The score of clip {position}', score)
        if not 0 <= start <= end < math.inf:
            raise ValueError(
                f'Clip {position} must start at 0 s or later and end after '
                f'its start, but is from {start:g} to {end:g} s.'
            )
        checked.append((start, end, score))
    if not checked:
        raise ValueError('A timeline needs at least one clip, but got none.')
    return checked


def _draw_axes(pen: ImageDraw.ImageDraw, plot: TimelinePlot) -> None:
    """Draw lines at scores 0, 0.5 and 1, and seconds below."""
    font = ImageFont.load_default(11)
    for score in (0.0, 0.5, 1.0):
        row = plot.row(score)
        pen.line((plot.left, row, plot.right - 1, row), GRID)
        pen.text((plot.left - 5, row), f'{score:g}', FAINT, font, 'rm')
    room = max(2, (plot.right - plot.left) // 60)
    step = _tick_step(plot.span / room)
    for tick in range(int(plot.span / step) + 1):
        column = plot.column(tick * step)
        pen.line((column, plot.bottom, column, plot.bottom + 3), FAINT)
        label = f'{tick * step:g} s' if tick else '0'
        pen.text((column, plot.bottom + 5), label, INK, font, 'ma')


def _tick_step(least: float) -> float:
    """Return the smallest round number of seconds that is large enough."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(
        step * power for step in (*_STEPS, 10) if step * power >= least
    )
