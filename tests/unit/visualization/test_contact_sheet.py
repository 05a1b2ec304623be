# Copyright (c) clipbert_mm contributors.
"""Tests of the contact sheet: where frames and texts are in the picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from clipbert_mm.visualization import (
    Tile,
    draw_contact_sheet,
    save_contact_sheet,
)
from clipbert_mm.visualization.contact_sheet import read_frames
from clipbert_mm.visualization.drawing import fit, wrap
from tests.toolbox.media import index_of, write_video

RED, GREEN, BLUE = (250, 10, 10), (10, 250, 10), (10, 10, 250)
BORDER = (26, 138, 60)


def frame(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((40, 40, 3), colour, np.uint8)


def middle(sheet: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Middle (row, column) of the pixels of a colour; they must exist."""
    inside = np.nonzero((sheet == colour).all(-1))
    assert len(inside[0])
    return np.array([axis.mean() for axis in inside])


def test_draw__order_and_layout() -> None:
    tiles = [
        Tile([frame(RED)], 'a.mp4', 0.9),
        Tile([frame(GREEN)], 'b.mp4', 0.8),
        Tile([frame(BLUE)], 'c.mp4', 0.7),
    ]
    sheet = draw_contact_sheet('a dog', tiles, columns=2, frame_size=64)
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3
    red, green, blue = (middle(sheet, c) for c in (RED, GREEN, BLUE))
    assert red[0] == green[0] < blue[0]
    assert red[1] == blue[1] < green[1]
    assert (sheet == RED).all(-1).sum() == 60 * 60


def test_draw__frames_of_a_video_side_by_side() -> None:
    sheet = draw_contact_sheet(
        'a dog', [Tile([frame(RED), frame(BLUE)], 'a.mp4', 0.9)], frame_size=64
    )
    red, blue = middle(sheet, RED), middle(sheet, BLUE)
    assert tuple(blue - red) == (0, 64)


@pytest.mark.parametrize(
    'change',
    [
        dict(query='a cat'),
        dict(name='b.mp4'),
        dict(score=0.8),
        dict(is_right=True),
    ],
)
def test_draw__tells_query_name_score_and_right_one(change: dict) -> None:
    def draw(query='a dog', name='a.mp4', score=0.9, is_right=False):
        return draw_contact_sheet(
            query, [Tile([frame(RED)], name, score, is_right)]
        )

    assert not np.array_equal(draw(), draw(**change))
    assert ((draw(**change) == BORDER).all(-1).any()) == ('is_right' in change)


def test_draw__long_texts_stay_in_the_picture() -> None:
    tile = Tile([frame(RED)], 'a_very_long_name_' * 9 + '.mp4', 0.9)
    short = draw_contact_sheet('a dog', [tile], frame_size=64)
    long = draw_contact_sheet('a dog runs ' * 9, [tile], frame_size=64)
    assert long.shape[1] == short.shape[1]
    assert long.shape[0] > short.shape[0]
    assert (short[:, -12:] == 255).all()
    assert (long[:, -12:] == 255).all()


@pytest.mark.parametrize('tiles', [[], [Tile([], 'a.mp4', 0.9)]])
def test_draw__nothing_to_draw(tiles: list[Tile]) -> None:
    with pytest.raises(ValueError, match=r'got \[0?\] frames'):
        draw_contact_sheet('a dog', tiles)


@pytest.mark.parametrize('columns, size', [(0, 64), (2, 31)])
def test_draw__no_room(columns: int, size: int) -> None:
    with pytest.raises(ValueError, match=f'got {columns} and {size}'):
        draw_contact_sheet('a', [Tile([frame(RED)], 'a', 0.0)], columns, size)


def test_fit__keeps_the_aspect_ratio() -> None:
    square = np.asarray(fit(np.full((20, 40, 3), RED, np.uint8), 64))
    rows, columns = np.nonzero((square == RED).all(-1))
    assert square.shape == (64, 64, 3)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (30, 60)


def test_wrap__lines() -> None:
    font = ImageFont.load_default(20)
    text = 'one two three four incomprehensibilities five'
    lines = wrap(text, font, 120)
    assert ' '.join(lines) == text
    assert 'incomprehensibilities' in lines
    assert all(font.getlength(line) <= 120 for line in lines if ' ' in line)
    assert len(lines) < 6


def test_read_frames__middles_of_equal_parts(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', num_frames=12)
    found = [index_of(f) for f in read_frames(str(video), 3)]
    assert found == [2, 6, 10]


def test_read_frames__short_video(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', num_frames=2)
    assert [index_of(f) for f in read_frames(str(video), 3)] == [0, 1]


def test_save__writes_the_picture(tmp_path: Path) -> None:
    ranking = [
        (str(write_video(tmp_path / f'{n}.mp4', num_frames=5)), 0.5)
        for n in 'ab'
    ]
    save_contact_sheet(
        str(tmp_path / 'top.png'), 'a dog', ranking, right_video=ranking[1][0]
    )
    sheet = np.asarray(Image.open(tmp_path / 'top.png'))
    _row, column = middle(sheet, BORDER)
    assert column > sheet.shape[1] / 2  # the second is the right one
