# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm distill`, in this process."""

import shutil
from pathlib import Path

import pytest

from clipbert_mm.apis import demo_rows
from clipbert_mm.library.distilling import train
from tests.toolbox.indexing import NUMBER, document, run

from .conftest import Indexed


@pytest.mark.slow
def test_distill__student_is_a_tier(
    indexed: Indexed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train, '__defaults__', (2,))
    folder = shutil.copytree(indexed.folder, tmp_path / 'index')
    captions = [row['caption'] for row in demo_rows()][:10]
    (tmp_path / 'queries.txt').write_text('\n'.join([*captions, captions[0]]))
    words = ('distill', folder, '--queries', tmp_path / 'queries.txt')
    found = document(capsys, *words)
    assert (found['queries'], found['held_out']) == (9, 1)
    assert (found['videos'], found['recall']) == (NUMBER, 1.0)
    stats = document(capsys, 'library', 'stats', folder)
    assert (stats['student'], stats['student_videos']) == (True, NUMBER)
    assert 3 * NUMBER * 64 * 4 < stats['student_bytes'] < stats['bytes']
    assert run(*words, '--max-videos', 2) == 0
    shown = capsys.readouterr().out
    assert '9 queries and 2 videos' in shown
    assert 'of 1 other queries, it keeps the best video of 100%' in shown
    text = captions[0]
    student = document(capsys, 'search', folder, text, '--tier', 'student')
    exact = document(capsys, 'search', folder, text)
    assert student['tier'] == 'student'
    assert student['matches'] == exact['matches']
    name = Path(exact['matches'][0]['video']).name
    (tmp_path / 'q.csv').write_text(f'query,video\n{text},{name}\n')
    words = ('library', 'eval', folder, '--queries', tmp_path / 'q.csv')
    assert set(document(capsys, *words)['tiers']) == {
        'exact',
        'cascade',
        'student',
    }


def test_distill__few_queries_and_none(
    indexed: Indexed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train, '__defaults__', (1,))
    folder = shutil.copytree(indexed.folder, tmp_path / 'index')
    file = tmp_path / 'queries.txt'
    file.write_text('a ring\n')
    found = document(capsys, 'distill', folder, '--queries', file)
    assert (found['queries'], found['recall']) == (1, None)
    file.write_text('\n')
    assert run('distill', folder, '--queries', file) == 2
    assert run('distill', folder) == 2
    assert run('distill', folder, '--queries', tmp_path / 'none.txt') == 2
