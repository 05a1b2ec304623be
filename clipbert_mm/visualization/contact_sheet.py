# Copyright (c) clipbert_mm contributors.
"""Contact sheet: the best videos of a text query in one image.

MMAction2's ``ActionVisualizer`` draws one video and no text, but a ranking
needs several videos side by side with their scores. It needs no display.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from clipbert_mm.utils.checks import check_integer
from clipbert_mm.utils.outputs import check_output_file

from .drawing import fit, shorten, wrap
from .fonts import ScriptFont
from .frames import frames_of_match
from .sheet_files import save_sheet

MARGIN = 12  # pixels
_LARGEST_FRAME = 4096
BACKGROUND, INK, FAINT, RIGHT = '#ffffff', '#202020', '#707070', '#1a8a3c'


class Tile(NamedTuple):
    """One video of a contact sheet.

    Args:
        frames (Sequence[np.ndarray]): At least one frame, ``(H, W, 3)``,
            uint8, RGB.
        name (str): Name of the video.
        score (float): Score of the video, the higher the better.
        is_right (bool): Whether it is the video that matches the query.
            Defaults to False.
    """

    frames: Sequence[np.ndarray]
    name: str
    score: float
    is_right: bool = False


class _Layout(NamedTuple):
    """Sizes in pixels, and fonts."""

    columns: int
    frame_size: int
    line: int
    tile_width: int
    width: int
    query_font: ScriptFont
    label_font: ScriptFont

    @classmethod
    def of(
        cls, tiles: Sequence[Tile], columns: int, frame_size: int
    ) -> '_Layout':
        columns = min(columns, len(tiles))
        tile_width = frame_size * max(len(tile.frames) for tile in tiles)
        width = max(3 * frame_size, columns * (tile_width + MARGIN)) + MARGIN
        return cls(
            columns,
            frame_size,
            int(frame_size / 5),
            tile_width,
            width,
            ScriptFont(frame_size / 6),
            ScriptFont(frame_size / 8),
        )


def draw_contact_sheet(
    query: str, tiles: Sequence[Tile], columns: int = 2, frame_size: int = 112
) -> np.ndarray:
    """Draw the query and, in the given order, the videos with their scores.

    Args:
        query (str): Text that was searched for.
        tiles (Sequence[Tile]): The videos, best first.
        columns (int): Number of videos side by side. Defaults to 2.
        frame_size (int): Side of the square that each frame is fitted into,
            in pixels. Defaults to 112.

    Returns:
        np.ndarray: Shape ``(H, W, 3)``, uint8, RGB.

    Raises:
        ValueError: If a video has no frames, there are no videos, or
            ``columns`` or ``frame_size`` is too small.

    Example:
        >>> tile = Tile([np.zeros((48, 64, 3), np.uint8)], 'a.mp4', 0.9)
        >>> draw_contact_sheet('a dog runs', [tile]).dtype
        dtype('uint8')
    """
    if not tiles or any(len(tile.frames) == 0 for tile in tiles):
        raise ValueError(
            'A contact sheet needs videos with at least one '
            'frame each, but got '
            f'{[len(tile.frames) for tile in tiles]} frames.'
        )
    check_integer('columns', columns, 1)
    check_integer('frame_size', frame_size, 32)
    if frame_size > _LARGEST_FRAME:
        raise ValueError(
            f'frame_size must be at most {_LARGEST_FRAME} pixels, but got '
            f'{frame_size}.'
        )
    layout = _Layout.of(tiles, columns, frame_size)
    lines = wrap(
        f'Query: {query}', layout.query_font, layout.width - 2 * MARGIN
    )
    top = MARGIN + len(lines) * layout.line + MARGIN
    tile_height = frame_size + 2 * layout.line
    rows = -(-len(tiles) // layout.columns)
    sheet = Image.new(
        'RGB', (layout.width, top + rows * (tile_height + MARGIN)), BACKGROUND
    )
    pen = ImageDraw.Draw(sheet)
    for i, text in enumerate(lines):
        layout.query_font.draw(
            pen, (MARGIN, MARGIN + i * layout.line), text, INK
        )
    for i, tile in enumerate(tiles):
        x = MARGIN + i % layout.columns * (layout.tile_width + MARGIN)
        y = top + i // layout.columns * (tile_height + MARGIN)
        _draw_tile(sheet, (x, y), i + 1, tile, layout)
    return np.asarray(sheet)


def _draw_tile(
    sheet: Image.Image,
    corner: tuple[int, int],
    rank: int,
    tile: Tile,
    layout: _Layout,
) -> None:
    """Draw the frames of a video, and its rank, name and score below them."""
    x, y = corner
    size, line = layout.frame_size, layout.line
    for k, frame in enumerate(tile.frames):
        sheet.paste(fit(frame, size), (x + k * size, y))
    font = layout.label_font
    name = shorten(f'{rank}.  {tile.name}', font, len(tile.frames) * line * 5)
    score = f'score {tile.score:.4f}'
    if tile.is_right:
        score += '  (the right one)'
    pen = ImageDraw.Draw(sheet)
    font.draw(pen, (x, y + size + 6), name, INK)
    colour = RIGHT if tile.is_right else FAINT
    font.draw(pen, (x, y + size + line + 2), score, colour)
    if tile.is_right:
        right = x + len(tile.frames) * size
        pen.rectangle(
            (x - 4, y - 4, right + 3, y + size + 3), outline=RIGHT, width=4
        )


def save_contact_sheet(
    path: str | os.PathLike[str],
    query: str,
    ranking: Sequence[Mapping[str, Any]],
    right_video: str | os.PathLike[str] | None = None,
    num_frames: int = 3,
    columns: int = 2,
    frame_size: int = 112,
) -> None:
    """Draw the videos of a ranking and write the image to a file.

    Args:
        path (str | os.PathLike[str]): Path of the image; its suffix
            determines the format.
        query (str): Text that was searched for.
        ranking (Sequence[Mapping[str, Any]]): ``video`` and ``score``, best
            first, as :meth:`ClipBERTInferencer.rank` returns them; the frames
            are from the best of ``clips``. Decoded frames are ranked with
            ``return_documents=True``, so that they can be drawn.
        right_video (str | os.PathLike[str] | None): File of the ranking to
            mark. Defaults to None.
        num_frames (int): Number of frames per video. Defaults to 3.
        columns (int): Number of videos side by side. Defaults to 2.
        frame_size (int): Side of the square of a frame, in pixels. Defaults
            to 112.

    Raises:
        TypeError: If the path or the query is of another type, or the
            ranking does not hold matches.
        ValueError: If a number is too small, or there is no match.
        OutputError: If the image cannot be written, said before any video is
            read.

    Example:
        >>> save_contact_sheet('top.png', 'a dog runs',
        ...                    inferencer.rank(...))  # doctest: +SKIP
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f'path must be that of an image, but got {path!r:.80}.'
        )
    if not isinstance(query, str):
        raise TypeError(f'query must be a string, but got {query!r:.80}.')
    check_output_file('path', path, image_suffixes())
    check_integer('num_frames', num_frames, 1)
    _check_ranking(ranking)
    right = None if right_video is None else os.fspath(right_video)
    tiles = [
        Tile(
            frames_of_match(match, num_frames),
            Path(match['video']).name,
            match['score'],
            os.fspath(match['video']) == right,
        )
        for match in ranking
    ]
    save_sheet(path, draw_contact_sheet(query, tiles, columns, frame_size))


def _check_ranking(ranking: Any) -> None:
    """Raise unless a ranking consists of matches with ``video`` and score."""
    matches = ranking if isinstance(ranking, Sequence) else [ranking]
    for match in matches:
        keys = match.keys() if isinstance(match, Mapping) else set()
        if not {'video', 'score'} <= keys:
            raise TypeError(
                'ranking must be a list of matches with video and score, as '
                f'rank() returns them, but got {match!r:.80}.'
            )


def image_suffixes() -> list[str]:
    """Return the suffixes of images that can be written.

    Returns:
        list[str]: Suffixes in lower case, sorted.

    Example:
        >>> '.png' in image_suffixes(), '.mp4' in image_suffixes()
        (True, False)
    """
    return sorted(
        suffix
        for suffix, kind in Image.registered_extensions().items()
        if kind in Image.SAVE
    )
