# Copyright (c) clipbert_mm contributors.
"""Tests of the benchmarks' harness and of the benchmark of training."""

import re
import subprocess
import sys

import pytest
import torch

from tools.benchmarks import harness as benchmarking
from tools.benchmarks.training import __main__ as benchmark
from tools.benchmarks.training import batch, gradients, memory, sides


def test_alternate__sides_take_turns_and_warm_ups_do_not_count() -> None:
    calls: list[str] = []
    seconds = benchmarking.alternate(
        dict(a=lambda: calls.append('a'), b=lambda: calls.append('b')),
        runs=2,
        warmups=1,
    )
    assert calls == ['a', 'b'] * 3
    assert [len(seconds[side]) for side in 'ab'] == [2, 2]


def test_medians__of_each_side() -> None:
    assert benchmarking.medians(dict(a=[9.0, 1.0, 2.0], b=[4.0, 2.0])) == dict(
        a=2.0, b=3.0
    )


def test_format_table__aligned_markdown() -> None:
    table = benchmarking.format_table(
        'Speed', ['side', 's'], [['ours', 0.123456], ['x', 12345.6]]
    )
    assert table.splitlines() == [
        '### Speed',
        '',
        '| side | s      |',
        '| ---- | ------ |',
        '| ours | 0.123  |',
        '| x    | 12,346 |',
    ]


def test_choose_sizes__of_the_device_and_of_options() -> None:
    args = benchmark.parse_args(['--videos', '5', '--device', 'cuda'])
    assert benchmark.choose_sizes(args) == batch.GPU_SIZES._replace(videos=5)
    args = benchmark.parse_args(['--quick'])
    assert benchmark.choose_sizes(args) == batch.QUICK_SIZES


def test_resident_bytes__sees_what_is_held_and_what_was() -> None:
    before = memory.resident_bytes('VmRSS')
    held = torch.ones(2**26)  # 256 MiB
    assert memory.resident_bytes('VmRSS') - before > 0.9 * held.nbytes
    del held
    assert memory.resident_bytes('VmRSS') - before < 2**27
    assert memory.resident_bytes('VmHWM') - before > 0.9 * 2**28
    with pytest.raises(OSError, match='no VmNone'):
        memory.resident_bytes('VmNone')


def test_check_sides__refuses_sides_that_compute_something_else() -> None:
    steps = sides.make_steps(batch.QUICK_SIZES, 'cpu', quick=True)
    assert max(gradients.check_sides(steps).values()) < 1e-2
    with torch.no_grad():
        steps[sides.LOOPED].model.neck.conv.weight.mul_(1.1)
    with pytest.raises(ValueError, match="'looped' differ from ours by"):
        gradients.check_sides(steps)


def test_benchmark_train__prints_sides_and_ratios() -> None:
    command = [
        sys.executable,
        '-m',
        'tools.benchmarks.training',
        '--quick',
        '--products',
        '--threads',
        '1',
        '--runs',
        '1',
    ]
    output = subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout
    assert '1 threads' in output
    assert 'padded to 16 tokens' in output
    rows = [
        re.split(r'\s*\|\s*', line)[1:-1]
        for line in output.splitlines()
        if line.startswith('|')
    ]
    shown = {row[0]: row[1:] for row in rows[2:5]}
    assert list(shown) == list(sides.SIDES)
    seconds = {side: float(row[0]) for side, row in shown.items()}
    ours = seconds[sides.OURS]
    for side, row in shown.items():
        assert float(row[2]) == pytest.approx(ours / seconds[side], rel=0.02)
        assert float(row[3]) > 0
    step, products, ratio, flop, rate = map(float, rows[-1][:5])
    assert ratio == pytest.approx(step / products, rel=0.02)
    assert rate == pytest.approx(flop / step, rel=0.02)
