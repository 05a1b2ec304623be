# Copyright (c) clipbert_mm contributors.
"""Test of the benchmark of low-rank adapters."""

import pytest

from tools.benchmarks import lora

pytestmark = pytest.mark.slow
pytest.importorskip('peft', reason='the extra lora is not installed')


def test_main__each_side_trains_fewer_weights_than_the_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lora.main(['--quick', '--runs', '1', '--threads', '1'])
    rows = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith('| ')
    ][2:]
    assert [row[0] for row in rows] == list(lora.SIDES)
    trained = [int(row[1].replace(',', '')) for row in rows]
    assert trained[0] > trained[1] > trained[2] > 0
    assert rows[0][2] == '100.0%'
    assert all(float(row[3]) > 0 and float(row[4]) > 0 for row in rows)
