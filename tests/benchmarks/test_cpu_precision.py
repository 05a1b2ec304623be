# Copyright (c) clipbert_mm contributors.
"""The benchmark of the precisions of the scorer, in small."""

import pytest

from tools.benchmarks.cpu_precision import main


def test_cpu_precision__prints_every_side(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(['--quick', '--threads', '1', '--texts', '3', '--bfloat16'])
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split('|')[1:-1] for line in lines if line.startswith('|')]
    names = [row[0].strip() for row in rows[2:]]
    assert names == [
        'float32',
        'float32, 1024 tokens at a time',
        'int8',
        'bfloat16',
    ]
    differences = [float(row[4]) for row in rows[2:]]
    assert differences[0] == 0
    assert differences[1] < 1e-5
    assert 0 < differences[2] < 0.1


def test_cpu_precision__of_the_demo_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(['--demo', '--threads', '1', '--texts', '3', '--runs', '1'])
    output = capsys.readouterr().out
    assert '### 4 clips, 3 captions, 1 threads' in output
    lines = [line for line in output.splitlines() if line.startswith('| int8')]
    assert 0 < float(lines[0].split('|')[-2]) < 0.5
