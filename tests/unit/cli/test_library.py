# Copyright (c) clipbert_mm contributors.
"""Tests of `clipbert-mm library`, in this process."""

from pathlib import Path

import pytest

from tests.toolbox.indexing import NUMBER, document, run
from tests.toolbox.processes import run_python

from .conftest import Indexed


def test_library__stats_compact_verify_export(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = indexed.folder
    stats = document(capsys, 'library', 'stats', folder)
    assert (stats['videos'], stats['unreadable']) == (NUMBER, 1)
    assert stats['clips'] == 3 * NUMBER
    assert stats['model'] == 'demo'
    assert (stats['student'], stats['student_bytes']) == (False, 0)
    found = document(capsys, 'library', 'compact', folder, '--keep-days', 0)
    assert found['bytes'] < stats['bytes']
    assert document(capsys, 'library', 'verify', folder)['problems'] == []
    tables = document(
        capsys, 'library', 'export', folder, '--out', tmp_path / 'tables'
    )
    assert all(Path(file).is_file() for file in tables['files'])
    assert run('library', 'export', folder) == 2
    assert run('library', 'repair', folder) == 2
    assert run('library', 'stats', tmp_path) == 1


def test_library__eval(
    indexed: Indexed, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    name = next(indexed.videos.glob('g*.mp4')).name
    (tmp_path / 'q.csv').write_text(f'query,video\na ring,{name}\n')
    words = ('library', 'eval', indexed.folder, '--queries')
    found = document(capsys, *words, tmp_path / 'q.csv')['tiers']
    assert found['exact']['passes'] == 3 * NUMBER
    assert run(*words, tmp_path / 'q.csv') == 0
    assert 'cascade' in capsys.readouterr().out
    assert run('library', 'eval', indexed.folder) == 2
    assert run(*words, tmp_path / 'none.csv') == 1


def test_looking_after__needs_no_pytorch() -> None:
    code = (
        'import sys; from clipbert_mm.library import LibraryError, store; '
        'from clipbert_mm.library import similar_videos, verifying; '
        'from clipbert_mm.library import student_rows; '
        "assert 'torch' not in sys.modules; "
        "assert not hasattr(sys.modules['clipbert_mm.library'], 'Librari')"
    )
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr
