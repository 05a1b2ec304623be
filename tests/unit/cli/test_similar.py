# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm similar`, in this process."""

from pathlib import Path

import pytest

from clipbert_mm.library import VideoLibrary
from tests.toolbox.indexing import NUMBER, document, run

from .conftest import Indexed


def test_similar__equals_the_library(
    indexed: Indexed, capsys: pytest.CaptureFixture
) -> None:
    video = next(indexed.videos.glob('g*.mp4'))
    words = ('similar', indexed.folder, video)
    found = document(capsys, *words, '--top-k', 2)
    expected = VideoLibrary(indexed.folder).similar(video, 2)
    assert found == dict(video=str(video), matches=expected)
    assert run(*words) == 0
    shown = capsys.readouterr().out
    assert shown.count('.mp4') == NUMBER  # the video, and each of the others
    assert run(*words[:2], indexed.videos / 'page.mp4') == 1
    assert 'is not a readable video of the index' in capsys.readouterr().err


def test_similar__only_video(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    video = next(indexed.videos.glob('g*.mp4'))
    index = tmp_path / 'index'
    assert run('index', video, '--out', index, '--clips', 1) == 0
    assert run('similar', index, video) == 3
    assert 'holds no other video' in capsys.readouterr().out
