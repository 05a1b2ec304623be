# Copyright (c) clipbert_mm contributors.
"""Tests of the names of the videos of an index."""

from pathlib import Path

import pytest

from clipbert_mm.library import LibraryError
from clipbert_mm.library.file_facts import FileFacts
from clipbert_mm.library.store import VideoRow
from clipbert_mm.library.video_names import find_videos, names_of, numbers_of


def row(video: int, path: str, clips: int = 4) -> VideoRow:
    return VideoRow(video, FileFacts(path, 0, 0), '', clips, 1.0, '')


ROWS = [row(3, '/a/one.mp4'), row(5, '/b/one.mp4'), row(8, '/b/two.mp4')]


def test_names__path_name_and_stem() -> None:
    named = names_of([*ROWS, row(9, '/b/bad.mp4', clips=0)])
    assert named['one.mp4'] == named['one'] == [3, 5]
    assert named['two'] == named['/b/two.mp4'] == [8]
    assert find_videos(named, 'bad') == []


def test_find__path_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = names_of([row(1, str(tmp_path / 'x' / 'c.mp4'))])
    assert find_videos(named, 'x/c.mp4') == [1]


def test_numbers__by_any_name() -> None:
    names = ['two', 5, Path('/a/one.mp4'), 8]
    assert numbers_of(ROWS, names) == [3, 5, 8]
    assert numbers_of(ROWS, []) == []


@pytest.mark.parametrize(
    'name, number', [('one', 2), ('three', 0), (4, 0), ('9', 0)]
)
def test_numbers__no_video_or_several(name: object, number: int) -> None:
    with pytest.raises(
        LibraryError, match=f'but {number} of them are {name!r}'
    ):
        numbers_of(ROWS, [name])
