# Copyright (c) clipbert_mm contributors.
"""The benchmark of an index, in small."""

import pytest

from tools.benchmarks.library import main

pytest.importorskip('lancedb', reason='the extra search is not installed')


def test_library__prints_its_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(['--clips', '640', '--full-size', '2', '--runs', '1'])
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split('|')[1:-1] for line in lines if line.startswith('|')]
    assert [row[0].strip() for row in rows[-4:]] == [
        'memory',
        'exact',
        'cascade',
        'student',
    ]
    assert int(rows[2][1]) > int(rows[3][1])
    assert float(rows[2][2]) < 0.01
    passes = [int(row[3]) for row in rows[-4:]]
    assert passes[0] == passes[1] == 640
    assert passes[2] == 2 * 40 + 640  # all videos are among the best 50
    assert passes[3] == 640
