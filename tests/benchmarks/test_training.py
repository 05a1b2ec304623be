# Copyright (c) clipbert_mm contributors.
"""Tests of the benchmarks' harness and of the benchmark of training."""

import re
import subprocess
import sys

import pytest
import torch

from tools.benchmarks import harness as benchmarking
from tools.benchmarks.training import __main__ as benchmark
from tools.benchmarks.training import batch, gradients, sides


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


def test_check_sides__refuses_sides_that_compute_something_else() -> None:
    steps = sides.make_steps(batch.QUICK_SIZES, 'cpu', quick=True)
    assert max(gradients.check_sides(steps).values()) < 1e-2
    with torch.no_grad():
        steps[sides.LOOPED].model.neck.conv.weight.mul_(1.1)
    with pytest.raises(ValueError, match="'looped' differ from ours by"):
        gradients.check_sides(steps)


def test_sides__ours_equals_the_looped_form() -> None:
    """Clip by clip, plain norms, eager attention, texts padded in full."""
    sizes = sides.Sizes(2, 3, 2, 2, 64, 20)
    steps = sides.make_steps(sizes, 'cpu', quick=True)
    found = {}
    for side, step in steps.items():
        step.model.double()
        frames = step.batch.inputs['imgs'].double()
        step.batch = step.batch._replace(
            inputs=dict(step.batch.inputs, imgs=frames)
        )
        found[side] = gradients.gradients(step)
    ours = found.pop(sides.OURS)
    assert ours['backbone.res3.0.conv1.weight'].abs().sum() > 0
    for side, others in found.items():
        assert gradients.largest_difference(ours, others) < 1e-7, side


def test_largest_difference__of_values_and_of_what_is_trained() -> None:
    one = dict(a=torch.tensor([3.0, 4.0]))
    other = dict(a=torch.tensor([3.0, 4.5]))
    assert gradients.largest_difference(other, one) == pytest.approx(0.5 / 5)
    with pytest.raises(ValueError, match=r"\['b'\]"):
        gradients.largest_difference(one, dict(one, b=one['a']))


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
