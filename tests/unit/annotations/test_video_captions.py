# Copyright (c) clipbert_mm contributors.
"""Tests of finding the captions of a video by its name."""

import json
from pathlib import Path

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.video_captions import read_captions_of


def write_rows(path: Path, rows: list[tuple[str, str]]) -> str:
    lines = [json.dumps(dict(clip_name=n, caption=t)) for n, t in rows]
    path.write_text('\n'.join(lines))
    return str(path)


def test_captions_of__path_or_its_end_with_or_without_suffixes(
    tmp_path: Path,
) -> None:
    rows = [
        ('video1', 'a ring'),
        ('video1.mp4', 'a big ring'),
        ('a/video1.webm', 'a red ring'),
        ('b/video1', 'of another folder'),
        ('video11', 'of another name'),
        ('deo1', 'of the end of the name'),
        ('video1', 'a ring'),
    ]
    path = write_rows(tmp_path / 'captions.jsonl', rows)
    own = ['a ring', 'a big ring', 'a red ring']
    assert read_captions_of(path, Path('/videos/a/video1.mov.mp4')) == own
    assert read_captions_of(path, 'video1.mp4') == own[:2]
    assert read_captions_of(path, 'b/video1')[-1] == 'of another folder'


def test_captions_of__mapping_of_the_host(tmp_path: Path) -> None:
    path = tmp_path / 'captions.json'
    path.write_text(json.dumps({'a.mp4': ['one', 'two'], 'b.mp4': ['three']}))
    assert read_captions_of(str(path), '/x/a.mp4') == ['one', 'two']


def test_captions_of__none(tmp_path: Path) -> None:
    path = write_rows(tmp_path / 'captions.jsonl', [('video1', 'a ring')])
    with pytest.raises(
        AnnotationError,
        match=r"captions of 'other.mp4', but got those of 1 other names, as "
        r"\['video1'\]. Pass the file that describes this video",
    ):
        read_captions_of(path, 'other.mp4')
    with pytest.raises(FileNotFoundError):
        read_captions_of(str(tmp_path / 'none.jsonl'), 'other.mp4')
