# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm ask` with an index, in this process."""

import shutil
from pathlib import Path

import pytest

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.library import VideoLibrary
from tests.toolbox.indexing import document, make_videos, run

from .conftest import Indexed

QUESTION = 'what colour is the ring'
ABOUT = 'a big red ring moves at the left'


@pytest.mark.slow
def test_ask__the_best_matches_of_an_index(
    indexed: Indexed, capsys: pytest.CaptureFixture
) -> None:
    words = ('ask', indexed.folder, QUESTION, '--about', ABOUT)
    found = document(capsys, *words, '--matches', 2, '--top-k', 1)
    matches = VideoLibrary(indexed.folder).search(ABOUT, 2)
    model = ClipBERTInferencer('demo-qa', device='cpu')
    for row, match in zip(found['videos'], matches, strict=True):
        assert row['video'] == match['video']
        assert (row['start'], row['end']) == (match['start'], match['end'])
        ((answer, score),) = model.answer(row['video'], QUESTION, top_k=1)
        assert row['answers'] == [
            dict(answer=answer, score=pytest.approx(score, abs=1e-6))
        ]
    assert run(*words, '--matches', 2, '--top-k', 1) == 0
    shown = capsys.readouterr().out
    assert 'best moment' in shown
    for row in found['videos']:
        assert Path(row['video']).name in shown


@pytest.mark.slow
def test_ask__index_whose_files_are_gone(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    videos = tmp_path / 'videos'
    videos.mkdir()
    index = tmp_path / 'index'
    run('index', make_videos(videos), '--out', index, '--clips', 1)
    shutil.rmtree(videos)
    capsys.readouterr()
    assert run('ask', index, QUESTION, '--json') == 4
    assert capsys.readouterr().err.count('unreadable: ') == 3
    VideoLibrary.create(tmp_path / 'empty', clips=1)
    assert run('ask', tmp_path / 'empty', QUESTION) == 3
    assert 'holds no readable video' in capsys.readouterr().out


def test_ask__wrong_usage(
    indexed: Indexed, capsys: pytest.CaptureFixture
) -> None:
    assert run('ask', indexed.videos, QUESTION, '--about', ABOUT) == 2
    assert 'needs the folder of an index' in capsys.readouterr().err
    assert run('ask', indexed.folder, QUESTION, '--about', ' ') == 2
    assert '--about: must not be empty' in capsys.readouterr().err
