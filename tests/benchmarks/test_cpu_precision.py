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
    names = [tuple(cell.strip() for cell in row[:2]) for row in rows[2:]]
    assert names == [
        ('pair', 'float32'),
        ('pair', 'float32, 1024 tokens at a time'),
        ('pair', 'int8, ONNX Runtime'),
        ('pair', 'bfloat16'),
        ('frame', 'float32'),
        ('frame', 'float32, ONNX Runtime'),
        ('frame', 'int8, ONNX Runtime'),
    ]
    differences = [float(row[5]) for row in rows[2:]]
    assert differences[0] == differences[4] == 0
    assert differences[1] < 1e-5
    assert 0 < differences[2] < 0.1
    assert 0 < differences[5] < 1e-4 < differences[6] < 1


def test_cpu_precision__of_the_demo_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(['--demo', '--threads', '1', '--texts', '3', '--runs', '1'])
    output = capsys.readouterr().out
    assert '### 4 clips, 3 captions, 4 clips to encode, 1 threads' in output
    rows = [line.split('|') for line in output.splitlines() if 'ONNX' in line]
    assert 0 < float(rows[0][-2]) < 0.5
    assert 0 < float(rows[1][-2]) < 1e-4
