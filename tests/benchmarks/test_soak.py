# Copyright (c) clipbert_mm contributors.
"""The soak: what it calls growth, and a run of seconds."""

import numpy as np
import pytest

from tools.benchmarks.soak import __main__ as soak
from tools.benchmarks.soak.samples import (
    Counts,
    Sample,
    growth,
    take_sample,
    verdict,
)


def samples_of(mib: np.ndarray, files: np.ndarray) -> list[Sample]:
    rows = enumerate(zip(mib, files))
    return [Sample(i, i, 0, 0, 0, m, 100.0, f, 3, 1) for i, (m, f) in rows]


def test_growth__leaves_the_warm_up_out() -> None:
    start = np.minimum(np.arange(60), 12) * 20.0
    samples = samples_of(start, np.full(60, 14))
    assert growth(samples, 'mib') == (0, 0)
    assert verdict(samples)[1]


@pytest.mark.parametrize('name', ['mib', 'files'])
def test_verdict__something_grows(name: str) -> None:
    line = np.arange(60.0)  # one each minute: 60 an hour
    flat = np.full(60, 14.0)
    samples = samples_of(*((line, flat) if name == 'mib' else (flat, line)))
    rows, is_flat = verdict(samples)
    assert not is_flat
    growing = [row for row in rows if row[-1] == 'GROWS']
    assert [row[:3] for row in growing] == [[name, 60, 30]]


def test_take_sample__of_this_process() -> None:
    with open(__file__) as file:
        sample = take_sample(0.5, Counts(1, 2, 3, 4))
        file.read()
    after = take_sample(0.5, Counts(1, 2, 3, 4))
    assert sample[:5] == (0.5, 1, 2, 3, 4)
    assert sample.mib > 10
    assert sample.files == after.files + 1


@pytest.mark.slow
def test_soak__short_run(capsys: pytest.CaptureFixture[str]) -> None:
    status = soak.main(['--minutes', '0.01', '--files', '12'])
    out = capsys.readouterr().out
    assert status == 0, out
    assert 'All are flat.' in out
    line = out.split('\n0.')[1].split()
    rounds, read, refused, steps = map(int, line[1:5])
    assert rounds >= 1
    assert read >= 8
    assert refused >= 8
    assert steps == 4 * rounds
