# Copyright (c) clipbert_mm contributors.
"""Tests of the contact sheet: where frames and texts are in the image."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.utils.outputs import OutputError
from clipbert_mm.visualization import (
    Tile,
    draw_contact_sheet,
    save_contact_sheet,
)
from tests.toolbox.media import write_video

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
def test_draw__shows_query_name_score_and_right_one(change: dict) -> None:
    def draw(query='a dog', name='a.mp4', score=0.9, is_right=False):
        return draw_contact_sheet(
            query, [Tile([frame(RED)], name, score, is_right)]
        )

    assert not np.array_equal(draw(), draw(**change))
    assert ((draw(**change) == BORDER).all(-1).any()) == ('is_right' in change)


def test_draw__long_texts_stay_in_the_image() -> None:
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


@pytest.mark.parametrize(
    'columns, size, message',
    [
        (0, 64, 'columns must be an integer >= 1, but got 0'),
        (2, 31, 'frame_size must be an integer >= 32, but got 31'),
    ],
)
def test_draw__no_room(columns: int, size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_contact_sheet('a', [Tile([frame(RED)], 'a', 0.0)], columns, size)


def test_save__writes_the_image(tmp_path: Path) -> None:
    ranking = [
        dict(video=write_video(tmp_path / f'{n}.mp4', num_frames=5), score=0.5)
        for n in 'ab'
    ]
    save_contact_sheet(
        tmp_path / 'top.png', 'a dog', ranking, ranking[1]['video']
    )
    sheet = np.asarray(Image.open(tmp_path / 'top.png'))
    _row, column = middle(sheet, BORDER)
    assert column > sheet.shape[1] / 2  # the second is the right one


@pytest.mark.parametrize('name', ['a.mp4', 'a', ''])
def test_save__refuses_other_suffixes_before_a_video_is_read(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(OutputError, match='path must'):
        save_contact_sheet(f'{tmp_path}/{name}', 'a', [('missing.mp4', 1.0)])


def test_save__suffix_in_capitals(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', num_frames=3)
    path = tmp_path / 'new' / 'SHEET.JPG'
    save_contact_sheet(path, 'a dog', [dict(video=video, score=1.0)])
    with Image.open(path) as image:
        assert image.format == 'JPEG'
    assert [p.name for p in path.parent.iterdir()] == ['SHEET.JPG']


@pytest.mark.parametrize(
    'change, error, message',
    [
        (dict(path=None), TypeError, 'path must be that of an image'),
        (dict(query=None), TypeError, 'query must be a string'),
        (dict(ranking=None), TypeError, 'ranking must be a list of matches'),
        (dict(ranking=[{}]), TypeError, 'ranking must be a list of matches'),
        (dict(num_frames=0), ValueError, 'num_frames must be an integer >= 1'),
        (dict(num_frames=-1), ValueError, 'num_frames must be an integer'),
        (dict(num_frames='3'), ValueError, 'num_frames must be an integer'),
    ],
)
def test_save__wrong_arguments(
    change: dict, error: type[Exception], message: str, tmp_path: Path
) -> None:
    options = dict(
        path=tmp_path / 'a.png',
        query='a dog',
        ranking=[dict(video='missing.mp4', score=0.5)],
    )
    with pytest.raises(error, match=message):
        save_contact_sheet(**{**options, **change})


def test_draw__frames_that_are_too_large() -> None:
    tile = Tile([np.zeros((8, 8, 3), np.uint8)], 'a.mp4', 0.5)
    with pytest.raises(ValueError, match='frame_size must be at most 4096'):
        draw_contact_sheet('a dog', [tile], frame_size=10**6)
