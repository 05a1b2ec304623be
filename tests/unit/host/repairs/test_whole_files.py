# Copyright (c) clipbert_mm contributors.
"""Tests of MMEngine's ways to write a file, interrupted by a limit."""

import json
from pathlib import Path

import pytest
from mmengine.fileio import LocalBackend, dump, load

from tests.toolbox.processes import run_python

SAVE = """
import resource, sys, torch, clipbert_mm, mmengine
from mmengine.runner import save_checkpoint
from mmengine.runner import runner
from mmengine.fileio import FileClient, dump, put, put_text

def small():
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, -1))

path = sys.argv[1]
big = dict(x=torch.zeros(10_000))
ways = dict(
    checkpoint=lambda: save_checkpoint(big, path),
    runner=lambda: runner.save_checkpoint(big, path),
    client=lambda: save_checkpoint(big, path, dict(backend='disk')),
    put=lambda: put(bytes(20_000), path),
    text=lambda: put_text('x' * 20_000, path),
    dump=lambda: dump(['x' * 20_000], path, file_format='json'),
    file_client=lambda: FileClient('disk').put(bytes(20_000), path),
)
small()
for name, way in ways.items():
    try:
        way()
        print(name, 'written')
    except OSError as error:
        print(name, type(error).__name__)
"""


@pytest.mark.slow
def test_every_way__keeps_the_previous_file(tmp_path: Path):
    path = tmp_path / 'file.pth'
    path.write_bytes(b'old')
    result = run_python('-W', 'ignore', '-c', SAVE, str(path))
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if ' - ' not in line]
    assert lines == [
        f'{name} FileNotWrittenError'
        for name in (
            'checkpoint',
            'runner',
            'client',
            'put',
            'text',
            'dump',
            'file_client',
        )
    ]
    assert [path.name for path in tmp_path.iterdir()] == ['file.pth']
    assert path.read_bytes() == b'old'


def test_put__creates_the_folder_and_the_file(tmp_path: Path):
    backend = LocalBackend()
    backend.put(b'bytes', tmp_path / 'a' / 'file')
    backend.put_text('\u00e9', str(tmp_path / 'b' / 'file'), 'latin-1')
    assert (tmp_path / 'a' / 'file').read_bytes() == b'bytes'
    assert (tmp_path / 'b' / 'file').read_bytes() == b'\xe9'


@pytest.mark.parametrize('kind', ['json', 'yaml'])
def test_dump__writes_what_load_reads(tmp_path: Path, kind: str):
    dump(dict(a=[1]), tmp_path / f'x.{kind}')
    assert load(tmp_path / f'x.{kind}') == dict(a=[1])
    if kind == 'json':
        assert json.loads((tmp_path / 'x.json').read_text()) == dict(a=[1])
