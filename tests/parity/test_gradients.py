# Copyright (c) clipbert_mm contributors.
"""Gradients of whole training steps equal those of the reference.

They are computed in float64: in float32 a ReLU whose input is almost 0
switches with the rounding of the CPU at hand, which moves the gradient of
one or another early layer by 1e-4 of its norm.
"""

import copy
import functools

import pytest
import torch
from mmaction.registry import MODELS

from clipbert_mm.weights import convert_official
from tests.parity.helpers import assert_close, make_batch
from tests.toolbox import reference_data


@functools.cache
def official_names(model: str) -> dict[str, str]:
    """Return the original name of each of our tensors."""
    _, report = convert_official(reference_data.official_state_dict(model))
    return {target: source for source, target in report.used.items()}


def check_gradient_norms(model, model_name: str, stored: dict) -> None:
    """Compare the norm of the gradient of every parameter."""
    names = official_names(model_name)
    norms = {
        names[name]: param.grad.norm().item()
        for name, param in model.named_parameters()
        if param.requires_grad
    }
    assert norms.keys() == stored['param_norms'].keys()
    for name, expected in stored['param_norms'].items():
        if not name.endswith('key.bias'):  # mathematically zero
            assert norms[name] == pytest.approx(expected, rel=1e-4), name
    # Parameters without a gradient there do not exist here.
    assert not set(stored['none']) & set(names.values())


def train_step(model, batch) -> torch.Tensor:
    """Run the backward pass and return the loss."""
    batch['inputs']['imgs'] = batch['inputs']['imgs'].double()
    model.zero_grad()
    loss = sum(model(**batch, mode='loss').values())
    loss.backward()
    return loss


@pytest.fixture(scope='module')
def retrieval_step(load_reference_model):
    """Run each training step once for several tests."""
    model = copy.deepcopy(load_reference_model('ret_ce')).double()
    labels = torch.tensor([1, 0, 1, 0])
    last = {}

    def step(aggregation: str):
        if aggregation not in last:
            model.consensus = MODELS.build(
                dict(type='ConsensusAggregator', aggregation=aggregation)
            )
            batch = make_batch(
                model, 'grad_ret', clip_len=2, text_labels=labels
            )
            last.clear()
            last[aggregation] = train_step(model, batch).item()
        return model, last[aggregation]

    return step


@pytest.fixture(scope='module')
def pretraining(load_reference_model):
    return copy.deepcopy(load_reference_model('pretrain')).double()


@pytest.mark.slow
@pytest.mark.parametrize('aggregation', ['mean', 'max', 'lse'])
def test_gradients__retrieval_on_four_clips(retrieval_step, aggregation):
    model, loss = retrieval_step(aggregation)
    settings = reference_data.load_json()
    assert settings['cases']['grad_ret']['labels'] == [1, 0, 1, 0]
    stored = settings['gradients'][f'grad_ret_{aggregation}']
    assert loss == pytest.approx(stored['loss'], abs=1e-5)
    check_gradient_norms(model, 'ret_ce', stored)


def test_gradients__clip_logits(load_reference_model):
    model = load_reference_model('ret_ce')
    batch = make_batch(model, 'grad_ret', clip_len=2)
    with torch.no_grad():
        logits = model(batch['inputs'], mode='tensor')
    # (N, M, C, K) -> (C, N * M, K)
    logits = logits.flatten(0, 1).transpose(0, 1)
    assert_close(logits, 'grad_ret/clip_logits', 1e-5)


@pytest.mark.slow
def test_gradients__largest_entries(retrieval_step):
    model, _ = retrieval_step('lse')  # for which they are stored
    names = official_names('ret_ce')
    gradients = {names[n]: p.grad for n, p in model.named_parameters()}
    tensors = [
        name[len('grad_ret/') : -len('/top8_index')]
        for name in reference_data.load_arrays()
        if name.endswith('/top8_index')
    ]
    assert len(tensors) == 7
    for name in tensors:
        indices = reference_data.tensor(f'grad_ret/{name}/top8_index')
        expected = reference_data.tensor(f'grad_ret/{name}/top8_value')
        torch.testing.assert_close(
            gradients[name].flatten()[indices],
            expected.double(),
            rtol=1e-4,
            atol=0,
        )


def test_gradients__frozen_parameters(load_reference_model):
    model = load_reference_model('ret_ce')
    names = official_names('ret_ce')
    frozen = {
        names[name]
        for name, param in model.named_parameters()
        if not param.requires_grad
    }
    settings = reference_data.load_json()
    assert frozen == set(settings['frozen_parameters'])
    buffers = {
        names[name]
        for name, _ in model.backbone.named_buffers(prefix='backbone')
    }
    assert buffers == {n for n in settings['buffers'] if 'backbone' in n}


@pytest.mark.slow
def test_gradients__pretraining(pretraining):
    model = pretraining
    batch = make_batch(
        model,
        'pretrain',
        text_labels=reference_data.tensor('pretrain/in_itm_labels'),
        mlm_labels=reference_data.tensor('pretrain/in_mlm_labels'),
    )
    stored = reference_data.load_json()['gradients']['grad_pretrain']
    loss = train_step(model, batch)
    assert loss.item() == pytest.approx(stored['loss'], abs=1e-5)
    check_gradient_norms(model, 'pretrain', stored)
