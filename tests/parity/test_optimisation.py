# Copyright (c) clipbert_mm contributors.
"""Learning rates, decays and the schedule equal those of the reference."""

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS, PARAM_SCHEDULERS
from mmengine.config import Config
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import init_default_scope

from clipbert_mm import config_file
from clipbert_mm.weights.official_clipbert import official_rules
from tests.parity.helpers import BERT, model_cfg
from tests.toolbox import reference_data

OPTIM_WRAPPER = dict(
    type='OptimWrapper',
    constructor='ClipBERTOptimWrapperConstructor',
    optimizer=dict(
        type='AdamW', lr=5e-5, betas=(0.9, 0.98), eps=1e-6, weight_decay=1e-3
    ),
)


def test_optimiser__rate_and_decay_of_each_parameter():
    init_default_scope('mmaction')
    # Twelve layers, as in the stored groups; the widths do not matter.
    bert = dict(BERT, hidden_size=8, intermediate_size=8, vocab_size=10)
    bert.update(num_hidden_layers=12)
    model = MODELS.build(model_cfg('ret_ce', bert))
    wrapper = build_optim_wrapper(model, OPTIM_WRAPPER)
    names = {param: name for name, param in model.named_parameters()}
    ours = {
        names[param]: (group['lr'], group['weight_decay'])
        for group in wrapper.optimizer.param_groups
        for param in group['params']
    }
    stored = reference_data.load_json()['optimizer']
    rules = official_rules(reference_data.full_size_shapes('retrieval_ce'))
    targets = {rule.source: rule.target for rule in rules}
    expected = {
        targets[name]: (group['lr_initial'], group['weight_decay'])
        for group in stored['groups']
        for name in group['names']
        # Not in our model: never used in the reference, but decayed there.
        if targets[name] is not None
    }
    assert len(expected) == 251
    assert ours == expected
    defaults = wrapper.optimizer.defaults
    assert list(defaults['betas']) == stored['defaults']['betas']
    assert defaults['eps'] == stored['defaults']['eps']


def test_schedule__rate_of_every_update():
    stored = reference_data.load_json()['lr_schedule']
    param = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([param], lr=stored['learning_rate'])
    wrapper = OptimWrapper(optimizer)
    total = stored['num_train_steps']
    scheduler = PARAM_SCHEDULERS.build(
        dict(
            type='WarmupLinearLR',
            optimizer=wrapper,
            end=total,
            warmup_ratio=stored['warmup_ratio'],
        )
    )
    rates = {}
    for update in range(1, total + 1):
        rates[update] = optimizer.param_groups[0]['lr']
        wrapper.update_params(param.sum())
        scheduler.step()
    compared = 0
    for step, expected in stored['linear'].items():
        if 1 <= int(step) <= total:
            assert rates[int(step)] == pytest.approx(expected, rel=1e-9), step
            compared += 1
    assert compared == len(stored['linear']) - 2


def old_adamw(
    start: np.ndarray, grads: np.ndarray, decay: float
) -> np.ndarray:
    """Update by the rule of the reference, epsilon before bias correction."""
    param, first, second = start.copy(), 0.0, 0.0
    path = []
    for step, grad in enumerate(grads, start=1):
        rate = 5e-3 * step / 6
        first = 0.9 * first + 0.1 * grad
        second = 0.98 * second + 0.02 * grad**2
        correction = np.sqrt(1 - 0.98**step) / (1 - 0.9**step)
        param = param - rate * correction * first / (np.sqrt(second) + 1e-6)
        param = param - rate * decay * param
        path.append(param)
    return np.stack(path)


def torch_adamw(
    start: np.ndarray, grads: np.ndarray, decay: float
) -> np.ndarray:
    """Update by the optimiser of our configs."""
    param = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = torch.optim.AdamW(
        [param], betas=(0.9, 0.98), eps=1e-6, weight_decay=decay
    )
    path = []
    for step, grad in enumerate(grads, start=1):
        optimizer.param_groups[0]['lr'] = 5e-3 * step / 6
        param.grad = torch.from_numpy(grad.copy())
        optimizer.step()
        path.append(param.detach().numpy().copy())
    return np.stack(path)


@pytest.mark.parametrize('key, decay', [('wd1e-3', 1e-3), ('wd0', 0.0)])
def test_adamw__first_steps_alone_differ_from_the_reference(key, decay):
    start = reference_data.array('adamw/p0')
    grads = reference_data.array('adamw/grads')
    stored = reference_data.array(f'adamw/{key}/trajectory')
    old = old_adamw(start, grads, decay)
    np.testing.assert_allclose(old, stored, rtol=0, atol=1e-12)
    # PyTorch adds epsilon after the bias correction. The updates agree for
    # gradients far above 1e-6, and the better the more steps are done.
    large = slice(0, 2)
    assert (abs(grads[:, large]) > 1e-3).all()
    paths = (torch_adamw(start, grads, decay), stored)
    ours, theirs = (
        np.diff(np.vstack([start, path]), axis=0)[:, large] for path in paths
    )
    difference = abs(ours - theirs).max(1) / abs(theirs).max(1)
    assert difference[0] < 3e-3
    assert (np.diff(difference) < 0).all()
    assert difference[-1] < difference[0] / 4
    # For gradients near 1e-6 the first updates differ visibly.
    small = paths[0][0, 3] - start[3], stored[0, 3] - start[3]
    assert abs(small[0]) > 3 * abs(small[1]) > 0


def test_optimiser__fused_adamw_equals_the_plain_one() -> None:
    optimizer = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    options = dict(optimizer.optim_wrapper.optimizer, lr=1e-2)
    assert options.pop('type') == 'AdamW'
    assert options['fused'] is True
    results = []
    for fused in (True, False):
        torch.manual_seed(0)
        weights = [torch.randn(3, 4).requires_grad_() for _ in range(2)]
        adamw = torch.optim.AdamW(weights, **dict(options, fused=fused))
        for step in range(5):
            for weight in weights:
                weight.grad = (weight.detach() + step).sin()
            adamw.step()
        results.append(weights)
    for fused_weight, weight in zip(*results):
        torch.testing.assert_close(fused_weight, weight)
