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


@pytest.mark.slow
def test_search__queries_of_a_file(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / 'queries.txt'
    path.write_text(f'{TEXT}\n\na small blue cross\n')
    words = ('search', indexed.folder, '--queries', path, '--top-k', 2)
    found = document(capsys, *words)['queries']
    assert [one['text'] for one in found] == [TEXT, 'a small blue cross']
    for one in found:
        alone = document(
            capsys, 'search', indexed.folder, one['text'], '--top-k', 2
        )
        assert one == alone
    assert run(*words) == 0
    shown = capsys.readouterr().out
    assert shown.count('best moment') == 2
    assert f'a small blue cross (exact, {3 * NUMBER} passes)' in shown
    assert run(*words, '--min-score', 1.0) == 3
    path.write_text('a ring\nж\n')
    assert run(*words) == 1
    assert "none of the 1 words of 'ж'" in capsys.readouterr().err


def test_search__a_text_or_a_file(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = ('search', indexed.folder)
    assert run(*words) == 2
    assert 'Pass a text, or --queries' in capsys.readouterr().err
    page = tmp_path / 'a.html'
    for extra in ([TEXT], ['--html', page], ['--save-clips', tmp_path]):
        assert run(*words, *extra, '--queries', 'queries.txt') == 2
        assert 'cannot be used with --queries' in capsys.readouterr().err


@pytest.mark.slow
def test_search__candidates_of_a_file(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder, file = indexed.folder, tmp_path / 'found.txt'
    best = VideoLibrary(folder).search(TEXT)[:2]
    file.write_text(f'{best[1]["id"]}\n\n{Path(best[0]["video"]).name}\n')
    words = ('search', folder, TEXT, '--candidates')
    found = document(capsys, *words, file)
    assert (found['tier'], found['passes']) == ('outside', 2 * 3)
    assert [match['id'] for match in found['matches']] == [
        match['id'] for match in best
    ]
    assert document(capsys, 'search', folder, TEXT, '--exact')['tier'] == (
        'exact'
    )
    assert run(*words, file, '--exact') == 2
    assert run(*words, file, '--tier', 'cascade') == 2
    assert run(*words, tmp_path / 'none.txt') == 2
    file.write_text('none.mp4\n')
    capsys.readouterr()
    assert run(*words, file) == 1
    assert "0 of them are 'none.mp4'" in capsys.readouterr().err
    assert run('search', folder, TEXT, '--tier', 'student') == 1
    assert 'clipbert-mm distill' in capsys.readouterr().err
