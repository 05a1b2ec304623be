# Copyright (c) clipbert_mm contributors.
"""Tests of the converters as commands."""

import subprocess
import sys

import pytest

from tests.toolbox.converting import TOOLS


@pytest.mark.parametrize(
    'dataset', ['msrvtt', 'didemo', 'activitynet', 'tgif_qa', 'vqa', 'coco_vg']
)
def test_help__imports_nothing_heavy(dataset, tmp_path) -> None:
    result = subprocess.run(
        [
            sys.executable,
            '-X',
            'importtime',
            str(TOOLS / dataset / 'convert.py'),
            '--help',
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0
    assert result.stdout.startswith('usage: convert.py')
    imported = {
        line.split('|')[-1].strip() for line in result.stderr.splitlines()
    }
    assert 'clipbert_mm.annotations.official.conversion' in imported
    assert not imported & {'torch', 'numpy', 'mmengine'}
