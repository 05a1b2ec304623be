# Copyright (c) clipbert_mm contributors.
"""Tests of the check that tests/unit mirrors the package."""

import subprocess
from pathlib import Path

import pytest

from tools.checks import mirror

FILES = [
    'clipbert_mm/__init__.py',
    'clipbert_mm/a.py',
    'clipbert_mm/room/b.py',
    'clipbert_mm/room/__main__.py',
    'clipbert_mm/version.py',
    'tests/unit/conftest.py',
    'tests/unit/test_a.py',
    'tests/unit/room/test_b.py',
    'tests/unit/room/test_main.py',
    'tests/unit/test_all.py',
    'tests/end_to_end/test_c.py',
]
VERSION, ALL = 'clipbert_mm/version.py', 'tests/unit/test_all.py'


def differences(
    *changes: str,
    untested: tuple[str, ...] = (VERSION,),
    without_file: tuple[str, ...] = (ALL,),
) -> list[str]:
    """Return the lines about FILES with some added, or taken away by '-'."""
    files = {
        *FILES,
        *(name for name in changes if not name.startswith('-')),
    } - {name[1:] for name in changes}
    return list(mirror.differences(files, untested, without_file))


def test_differences__none() -> None:
    assert differences() == []


def test_differences__no_test_file() -> None:
    assert differences('-tests/unit/room/test_b.py') == [
        'clipbert_mm/room/b.py: write tests/unit/room/test_b.py, or name it '
        'in UNTESTED'
    ]


def test_differences__no_product_file() -> None:
    assert differences('tests/unit/room/test_d.py') == [
        'tests/unit/room/test_d.py: rename it after the file that it tests, '
        'move it to tests/end_to_end, or name it in WITHOUT_FILE'
    ]


def test_differences__lists_that_are_out_of_date() -> None:
    assert differences(f'-{VERSION}', f'-{ALL}') == [
        f'{VERSION}: there is no such file; remove it from the list',
        f'{ALL}: there is no such file; remove it from the list',
    ]
    assert differences('tests/unit/test_version.py') == [
        'tests/unit/test_version.py: rename it after the file that it tests, '
        'move it to tests/end_to_end, or name it in WITHOUT_FILE',
        f'{VERSION}: has a test file; remove it from UNTESTED',
    ]


@pytest.mark.parametrize('complete', [True, False])
def test_main__of_a_repository(
    complete: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in FILES[: None if complete else 6]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    subprocess.run(['git', 'init', '-q', str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mirror, 'UNTESTED', {VERSION: ''})
    monkeypatch.setattr(mirror, 'WITHOUT_FILE', {ALL: ''} if complete else {})
    assert mirror.main() == (0 if complete else 1)
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(':')[0] for line in shown] == (
        []
        if complete
        else [
            'clipbert_mm/room/b.py',
            'clipbert_mm/room/__main__.py',
            'clipbert_mm/a.py',
        ]
    )
