# Copyright (c) clipbert_mm contributors.
"""A contact sheet: the best videos of a query as one picture.

MMAction2's ``ActionVisualizer`` draws one video and no text; a ranking needs
several videos side by side with their scores. No display is needed.
"""

import os.path as osp
from collections.abc import Sequence
from typing import NamedTuple

import cv2  # noqa: F401  before decord, whose zlib breaks its PNG reader
import decord
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont

MARGIN = 12
BACKGROUND, INK, FAINT, RIGHT = '#ffffff', '#202020', '#707070', '#1a8a3c'


class Tile(NamedTuple):
    """One video of a contact sheet.

    Args:
        frames (Sequence[np.ndarray]): ``(H, W, 3)``, uint8, RGB; at least
            one.
        name (str): Of the video.
        score (float): The higher, the better.
        is_right (bool): Whether it is the video that was looked for.
            Defaults to False.
    """

    frames: Sequence[np.ndarray]
    name: str
    score: float
    is_right: bool = False


def draw_contact_sheet(
    query: str, tiles: Sequence[Tile], columns: int = 2, frame_size: int = 112
) -> np.ndarray:
    """Draw the query and, in the order given, the videos with their scores.

    Args:
        query (str): The text that was searched for.
        tiles (Sequence[Tile]): The videos, best first.
        columns (int): Videos side by side. Defaults to 2.
        frame_size (int): Side of the square that a frame is fitted into, in
            pixels. Defaults to 112.

    Returns:
        np.ndarray: ``(H, W, 3)``, uint8, RGB.

    Raises:
        ValueError: If there is nothing to draw, or no room for it.

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
    if columns < 1 or frame_size < 32:
        raise ValueError(
            'columns must be >= 1 and frame_size >= 32, but got '
            f'{columns} and {frame_size}.'
        )
    columns = min(columns, len(tiles))
    fonts = [ImageFont.load_default(frame_size / part) for part in (6, 8)]
    line = int(frame_size / 5)
    tile_width = frame_size * max(len(tile.frames) for tile in tiles)
    tile_height = frame_size + 2 * line
    width = max(3 * frame_size, columns * (tile_width + MARGIN)) + MARGIN
    lines = wrap(f'Query: {query}', fonts[0], width - 2 * MARGIN)
    top = MARGIN + len(lines) * line + MARGIN
    rows = -(-len(tiles) // columns)
    sheet = Image.new(
        'RGB', (width, top + rows * (tile_height + MARGIN)), BACKGROUND
    )
    pen = ImageDraw.Draw(sheet)
    for i, text in enumerate(lines):
        pen.text((MARGIN, MARGIN + i * line), text, INK, fonts[0])
    for i, tile in enumerate(tiles):
        x = MARGIN + i % columns * (tile_width + MARGIN)
        y = top + i // columns * (tile_height + MARGIN)
        for k, frame in enumerate(tile.frames):
            sheet.paste(fit(frame, frame_size), (x + k * frame_size, y))
        _label(pen, (x, y + frame_size), i + 1, tile, fonts[1], line)
        if tile.is_right:
            pen.rectangle(
                (
                    x - 4,
                    y - 4,
                    x + len(tile.frames) * frame_size + 3,
                    y + frame_size + 3,
                ),
                outline=RIGHT,
                width=4,
            )
    return np.asarray(sheet)


def _label(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    rank: int,
    tile: Tile,
    font: Font,
    line: int,
) -> None:
    """Write rank, name and score below a video."""
    room = len(tile.frames) * line * 5
    name = f'{rank}.  {tile.name}'
    while len(name) > 8 and font.getlength(name) > room:
        name = name[:-4] + '...'
    score = f'score {tile.score:.4f}'
    if tile.is_right:
        score += '  (the right one)'
    x, y = corner
    pen.text((x, y + 6), name, INK, font)
    pen.text((x, y + line + 2), score, RIGHT if tile.is_right else FAINT, font)


def fit(frame: np.ndarray, side: int) -> Image.Image:
    """Scale a frame into a square, centred on gray.

    Args:
        frame (np.ndarray): ``(H, W, 3)``, uint8, RGB.
        side (int): Of the square, in pixels.

    Returns:
        Image.Image: ``side`` by ``side``.

    Example:
        >>> fit(np.zeros((10, 20, 3), np.uint8), 32).size
        (32, 32)
    """
    height, width = frame.shape[:2]
    scale = (side - 4) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR)
    square = Image.new('RGB', (side, side), '#d8d8d8')
    square.paste(picture, ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


def wrap(text: str, font: Font, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` pixels.

    A single word that is wider stays in one piece.

    Args:
        text (str): The text.
        font (Font): That it is drawn with.
        width (int): In pixels.

    Returns:
        list[str]: The lines.

    Example:
        >>> wrap('a dog', ImageFont.load_default(20), 30)
        ['a', 'dog']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f'{lines[-1]} {word}' if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def read_frames(video: str, number: int) -> list[np.ndarray]:
    """Decode frames from the middles of equal parts of a video.

    Args:
        video (str): Path.
        number (int): Frames, at most; a shorter video gives all it has.

    Returns:
        list[np.ndarray]: ``(H, W, 3)``, uint8, RGB.

    Example:
        >>> len(read_frames('a.mp4', 3))  # doctest: +SKIP
        3
    """
    reader = decord.VideoReader(video, num_threads=1)
    number = min(number, len(reader))
    inds = [int((i + 0.5) * len(reader) / number) for i in range(number)]
    return list(reader.get_batch(inds).asnumpy())


def save_contact_sheet(
    path: str,
    query: str,
    ranking: Sequence[tuple[str, float]],
    right_video: str | None = None,
    num_frames: int = 3,
    columns: int = 2,
    frame_size: int = 112,
) -> None:
    """Draw the videos of a ranking and write the picture to a file.

    Args:
        path (str): Of the picture; the ending gives the format.
        query (str): The text that was searched for.
        ranking (Sequence[tuple[str, float]]): Video files with their scores,
            best first, as :meth:`VideoSearcher.rank` gives them.
        right_video (str, optional): The one of them to mark.
            Defaults to None.
        num_frames (int): Frames of each video. Defaults to 3.
        columns (int): Videos side by side. Defaults to 2.
        frame_size (int): Side of a frame's square. Defaults to 112.

    Example:
        >>> save_contact_sheet('top.png', 'a dog runs',
        ...                    [('a.mp4', 0.9)])  # doctest: +SKIP
    """
    tiles = [
        Tile(
            read_frames(video, num_frames),
            osp.basename(video),
            score,
            video == right_video,
        )
        for video, score in ranking
    ]
    sheet = draw_contact_sheet(query, tiles, columns, frame_size)
    Image.fromarray(sheet).save(path)
