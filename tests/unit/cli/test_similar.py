# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm similar`, in this process."""

import json
from pathlib import Path

import pytest

from clipbert_mm.library import VideoLibrary
from tests.toolbox.indexing import NUMBER, document, run

from .conftest import Indexed


@pytest.mark.slow
def test_similar__equals_the_library(
    indexed: Indexed, capsys: pytest.CaptureFixture
) -> None:
    video = next(indexed.videos.glob('g*.mp4'))
    words = ('similar', indexed.folder, video)
    found = document(capsys, *words, '--top-k', 2)
    expected = VideoLibrary(indexed.folder).similar(video, 2)
    assert found == dict(video=str(video), by='grids', matches=expected)
    assert run(*words) == 0
    shown = capsys.readouterr().out
    assert shown.count('.mp4') == NUMBER  # the video, and each of the others
    assert run(*words[:2], indexed.videos / 'page.mp4') == 1
    assert 'is not a readable video of the index' in capsys.readouterr().err


def test_similar__by_captions(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    video = min(indexed.videos.glob('g*.mp4'))
    texts = ['a big red ring', 'a small blue cross']
    file = tmp_path / 'captions.json'
    file.write_text(json.dumps({video.name: texts, 'other.mp4': ['a disc']}))
    words = ('similar', indexed.folder, video, '--captions', file)
    found = document(capsys, *words)
    assert (found['by'], found['captions']) == ('captions', texts)
    assert (found['tier'], found['passes']) == ('exact', 2 * 3 * NUMBER)
    expected = VideoLibrary(indexed.folder).similar(video, captions=texts)
    assert [m['id'] for m in found['matches']] == [m['id'] for m in expected]
    assert run(*words, '--tier', 'cascade') == 0
    shown = capsys.readouterr().out
    assert f'like {video.name}, by 2 captions (cascade, ' in shown
    other = max(indexed.videos.glob('g*.mp4'))
    assert run(*words[:2], other, *words[3:]) == 2
    assert f'expected captions of {str(other)!r}' in ' '.join(
        capsys.readouterr().err.split()
    )
    assert run(*words[:3], '--tier', 'exact') == 2
    assert 'is for --captions' in capsys.readouterr().err


def test_similar__only_video(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    video = next(indexed.videos.glob('g*.mp4'))
    index = tmp_path / 'index'
    assert run('index', video, '--out', index, '--clips', 1) == 0
    assert run('similar', index, video) == 3
    assert 'holds no other video' in capsys.readouterr().out
