# Copyright (c) clipbert_mm contributors.
"""Candidates from a file, and what is wrong with it."""

from pathlib import Path

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.gallery.candidates import read_candidates
from tests.toolbox.media import write_lines

VIDEOS = ['v0', 'v1', 'v2']
TEXTS = [7, 'b']
GOOD = [
    dict(text_id='b', video_ids=['v2', 'v0']),
    dict(text_id=7, video_ids=['v2']),
]


def test_read_candidates__gives_each_video_its_texts(tmp_path: Path) -> None:
    path = write_lines(tmp_path / 'c.jsonl', GOOD)
    texts = read_candidates(path, VIDEOS, TEXTS)
    assert [t.tolist() for t in texts] == [[1], [], [0, 1]]


def test_read_candidates__takes_ids_as_saved_scores_have_them(
    tmp_path: Path,
) -> None:
    lines = [GOOD[0], dict(text_id='7', video_ids=[])]
    path = write_lines(tmp_path / 'c.jsonl', lines)
    texts = read_candidates(path, VIDEOS, TEXTS)
    assert [t.tolist() for t in texts] == [[1], [], [1]]


@pytest.mark.parametrize(
    'second, message',
    [
        (
            dict(text_id=7, video_ids=['v9']),
            r':2: the dataset has no video_id '
            r"'v9'; it has 3, the first 'v0'",
        ),
        (dict(text_id=8, video_ids=[]), ':2: the dataset has no text_id 8'),
        (
            dict(text_id='b', video_ids=[]),
            ":2: text_id 'b' already occurs in line 1",
        ),
        (
            dict(text_id=7, video_ids='v1'),
            ':2: "video_ids" must be a list of ids, but got \'v1\'',
        ),
        (
            dict(text_id=7, video_ids=['v1', 'v1']),
            ":2: .* names 'v1' more than",
        ),
        (
            dict(text_id=7, video_ids=[None]),
            ':2: "video_ids" must be a list of ids, but got .None',
        ),
        (dict(text_id=7, videos=['v1']), r":2: unknown keys \['videos'\]"),
        (None, ':1: 1 of 2 texts have no line in this file, the first .7.'),
    ],
)
def test_read_candidates__names_the_line(
    tmp_path: Path, second: 'dict | None', message: str
) -> None:
    lines = [GOOD[0]] + ([] if second is None else [second])
    path = write_lines(tmp_path / 'c.jsonl', lines)
    with pytest.raises(AnnotationError, match='c.jsonl' + message):
        read_candidates(path, VIDEOS, TEXTS)


def test_read_candidates__names_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError, match='nowhere.jsonl.*candidates'):
        read_candidates('nowhere.jsonl', VIDEOS, TEXTS)
