# Copyright (c) clipbert_mm contributors.
"""Tests of what the quickstart refuses before it starts."""

from pathlib import Path

import pytest

from clipbert_mm.cli import quickstart
from tests.toolbox.processes import run_python


@pytest.mark.parametrize(
    'option, place, message',
    [
        ('--work-dir', 'file/below', "--work-dir must be a folder, but '"),
        ('--out', 'file/a.npz', "--out must be a folder, but '"),
    ],
)
def test_quickstart__checks_where_it_will_write(
    tmp_path: Path, option: str, place: str, message: str
) -> None:
    (tmp_path / 'file').touch()
    options = ['--smoke', '--work-dir', f'{tmp_path}/work']
    result = run_python(
        '-m',
        quickstart.__name__,
        *options,
        option,
        f'{tmp_path}/{place}',
    )
    assert result.returncode == 1
    assert message in result.stderr
    assert 'Traceback' not in result.stderr


def test_quickstart__one_run_per_work_folder(tmp_path: Path) -> None:
    code = (
        'import sys; from clipbert_mm.utils.locks import lock_folder\n'
        'import subprocess\n'
        f'with lock_folder({str(tmp_path)!r}, ""):\n'
        '    sys.exit(subprocess.run([sys.executable, "-m", '
        f'"{quickstart.__name__}", "--work-dir", {str(tmp_path)!r}]'
        ').returncode)'
    )
    result = run_python('-c', code)
    assert result.returncode == 1
    assert f'{tmp_path} is in use by process ' in result.stderr
    assert 'pass another --work-dir' in result.stderr
