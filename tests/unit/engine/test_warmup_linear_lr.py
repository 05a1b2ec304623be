# Copyright (c) clipbert_mm contributors.
"""Schedule: the recipe's factor at every step, through an optimiser."""

import pytest
import torch
from mmengine.optim import OptimWrapper

from clipbert_mm.engine import WarmupLinearLR


def rates(end: int, **options: object) -> list[float]:
    param = torch.nn.Parameter(torch.zeros(1))
    wrapper = OptimWrapper(torch.optim.SGD([param], lr=2.0))
    scheduler = WarmupLinearLR(wrapper, end=end, **options)
    result = []
    for _ in range(end):
        result.append(wrapper.get_lr()['lr'][0])
        scheduler.step()
    return result


def test_schedule__linear_up_then_linear_down() -> None:
    up = [2.0 * step / 4 for step in range(1, 4)]
    down = [2.0 * (40 - step) / 36 for step in range(4, 40)]
    assert rates(40) == pytest.approx(up + down + [1e-8])


def test_schedule__no_warmup() -> None:
    assert rates(4, warmup_ratio=0.0) == pytest.approx([1.5, 1.0, 0.5, 1e-8])


def test_schedule__epochs_become_iterations() -> None:
    param = torch.nn.Parameter(torch.zeros(1))
    wrapper = OptimWrapper(torch.optim.SGD([param], lr=2.0))
    scheduler = WarmupLinearLR.build_iter_from_epoch(
        wrapper, end=20, by_epoch=True, epoch_length=7
    )
    assert (scheduler.total, scheduler.warmup) == (140, 14)


def test_schedule__resumed_goes_on() -> None:
    expected = rates(20)
    param = torch.nn.Parameter(torch.zeros(1))
    wrapper = OptimWrapper(torch.optim.SGD([param], lr=2.0))
    scheduler = WarmupLinearLR(wrapper, end=20)
    for _ in range(6):
        scheduler.step()
    states = wrapper.state_dict(), scheduler.state_dict()
    resumed = OptimWrapper(
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    )
    scheduler = WarmupLinearLR(resumed, end=20)
    resumed.load_state_dict(states[0])
    scheduler.load_state_dict(states[1])
    for rate in expected[6:]:
        assert resumed.get_lr()['lr'][0] == pytest.approx(rate)
        scheduler.step()


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(begin=3), 'begin=3'),
        (dict(by_epoch=True), 'by_epoch=True'),
        (dict(warmup_ratio=1.5), '1.5'),
    ],
)
def test_schedule__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rates(10, **options)
