# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm search`, in this process."""

from pathlib import Path

import pytest

from clipbert_mm.library import VideoLibrary
from tests.toolbox.indexing import NUMBER, document, run

from .conftest import Indexed

TEXT = 'a big red ring moves at the left'


def test_search__equals_the_library(
    indexed: Indexed, capsys: pytest.CaptureFixture
) -> None:
    folder = indexed.folder
    found = document(capsys, 'search', folder, TEXT, '--top-k', 2)
    expected = VideoLibrary(folder).search(TEXT, top_k=2)
    assert found['tier'] == 'exact'
    assert found['passes'] == expected.passes == 3 * NUMBER
    for match, wanted in zip(found['matches'], expected, strict=True):
        assert match['video'] == wanted['video']
        assert match['score'] == pytest.approx(wanted['score'], abs=1e-6)
    cascade = document(capsys, 'search', folder, TEXT, '--tier', 'cascade')
    assert cascade['tier'] == 'cascade'


def test_search__page_clips_and_nothing(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = indexed.folder
    page, moments = tmp_path / 'a.html', tmp_path / 'moments'
    found = document(
        capsys,
        *('search', folder, TEXT, '--top-k', 1),
        *('--html', page, '--save-clips', moments),
    )
    (match,) = found['matches']
    assert Path(match['clip']).parent == moments
    assert Path(match['clip']).stat().st_size > 0
    assert TEXT in page.read_text()
    assert run('search', folder, TEXT, '--min-score', 1.0) == 3
    assert 'No video of the index matches' in capsys.readouterr().out
    assert run('search', folder, TEXT, '--tier', 'best') == 1
    assert 'tier must be one of' in capsys.readouterr().err
    assert run('search', tmp_path / 'none', TEXT) == 1
    assert 'there is no index in' in capsys.readouterr().err
    assert not (tmp_path / 'none').exists()
