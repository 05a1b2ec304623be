# Copyright (c) clipbert_mm contributors.
"""The benchmark of a second search in the same videos, in small."""

import pytest

from tools.benchmarks.second_query import main


@pytest.mark.slow
def test_second_query__prints_both_searches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(['--quick', '--threads', '1'])
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split('|')[1:-1] for line in lines if line.startswith('|')]
    names = [row[0].strip() for row in rows[2:]]
    assert names == [
        'first',
        'second',
        'second / first',
        'second, cache_bytes=0',
    ]
    first, second, ratio, _ = (float(row[1]) for row in rows[2:])
    assert ratio == pytest.approx(second / first, rel=0.02)
