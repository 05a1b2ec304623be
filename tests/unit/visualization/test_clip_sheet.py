# Copyright (c) clipbert_mm contributors.
"""Tests of the clip sheet: where clips, lines and notes are in the image."""

import numpy as np
import pytest

from clipbert_mm.visualization.clip_sheet import Line, draw_clip_sheet, note

# A colour that no text and no background has.
SHADES = [(250, 10 + 9 * i, 10) for i in range(24)]


def clips_of(number: int, length: int) -> np.ndarray:
    """Square frames, each of a colour of its own."""
    shades = np.array(SHADES[: number * length], np.uint8)
    shades = shades.reshape(number, length, 1, 1, 3)
    return np.tile(shades, (1, 1, 40, 40, 1))


def corners(sheet: np.ndarray) -> list[tuple[int, int]]:
    """Return the (row, column) of the top left pixel of each frame."""
    found = []
    for shade in SHADES:
        rows, columns = np.nonzero((sheet == shade).all(-1))
        if len(rows):
            assert len(rows) == 60 * 60  # whole, in a square of 64
            found.append((int(rows.min()), int(columns.min())))
    return found


@pytest.mark.parametrize(
    'number, length, columns, in_row',
    [(3, 1, 3, 1), (5, 2, 4, 2), (3, 3, 2, 3), (2, 12, 1, 8)],
)
def test_draw__clips_side_by_side_and_their_frames_in_order(
    number: int, length: int, columns: int, in_row: int
) -> None:
    sheet = draw_clip_sheet([], clips_of(number, length), frame_size=64)
    found = corners(sheet)
    assert len(found) == number * length
    height = -(-length // in_row) * 64 + 12
    for i, (row, column) in enumerate(found):
        clip, k = divmod(i, length)
        top = found[0][0] + clip // columns * height + k // in_row * 64
        left = clip % columns * (in_row * 64 + 12) + k % in_row * 64
        assert (row, column) == (top, found[0][1] + left)


def test_draw__notes_stand_below_their_clips() -> None:
    clips = clips_of(2, 1)
    bare = draw_clip_sheet([], clips, frame_size=64)
    notes = [[note('0.5')], [Line('0.7', '#0000ff'), note('0.1')]]
    sheet = draw_clip_sheet([], clips, notes, frame_size=64)
    assert corners(sheet) == corners(bare)
    blue = np.argwhere((sheet == (0, 0, 255)).all(-1))
    row, column = corners(sheet)[1]
    assert len(blue)
    assert (blue > (row + 60, column - 4)).all()
    assert (blue[:, 1] < column + 64).all()


def test_draw__lines_are_wrapped_above() -> None:
    clips = clips_of(1, 1)
    heights = [
        corners(draw_clip_sheet([Line(text)] * 2, clips, frame_size=64))[0][0]
        for text in ('a', 'a dog runs on sand ' * 9)
    ]
    assert heights[0] < heights[1]
    assert draw_clip_sheet([Line('名前 имя')], clips).shape[2] == 3


@pytest.mark.parametrize(
    'clips, notes, size, message',
    [
        ([], [], 64, r'got \[\] frames'),
        (clips_of(2, 1)[:, :0], [], 64, r'got \[0, 0\] frames'),
        (clips_of(2, 1), [[]], 64, 'notes must be of 2 clips, but are of 1'),
        (clips_of(2, 1), [], 63, 'frame_size must be an integer >= 64'),
    ],
)
def test_draw__refuses(
    clips: np.ndarray, notes: list, size: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        draw_clip_sheet([], clips, notes, size)
