# Copyright (c) clipbert_mm contributors.
"""Parameter groups: rate and decay of every parameter."""

import pytest
import torch

from clipbert_mm.engine import ClipBERTOptimWrapperConstructor
from tests.toolbox.tiny_models import tiny_clipbert


def settings(
    model: torch.nn.Module, paramwise_cfg: dict | None = None
) -> dict[str, tuple[float, float]]:
    """(rate, decay) of every optimised parameter by name."""
    wrapper = ClipBERTOptimWrapperConstructor(
        dict(
            type='OptimWrapper',
            optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.01),
        ),
        paramwise_cfg,
    )(model)
    names = {param: name for name, param in model.named_parameters()}
    return {
        names[param]: (group['lr'], group['weight_decay'])
        for group in wrapper.optimizer.param_groups
        for param in group['params']
    }


def test_groups__no_decay_on_biases_and_norms() -> None:
    model = tiny_clipbert(backbone=dict(norm='batch'))
    got = settings(model)
    assert set(got) == {n for n, _ in model.named_parameters()}
    for name, (rate, decay) in got.items():
        exempt = (
            name.endswith('.bias') or '.LayerNorm.' in name or '.norm.' in name
        )
        assert (rate, decay) == (0.1, 0.0 if exempt else 0.01), name


def test_groups__rates_of_cnn_bert_and_prefixes() -> None:
    got = settings(
        tiny_clipbert(),
        dict(
            cnn_lr_mult=2.0,
            bert_lr_mult=0.5,
            prefix_lr_mult={'head.': 10.0, 'head.classifier.': 4.0},
        ),
    )
    for name, (rate, _) in got.items():
        if name.startswith(('backbone.', 'neck.')):
            expected = 0.2
        elif name.startswith('head.classifier.'):
            expected = 0.1 * 0.5 * 4
        else:
            expected = 0.1 * 0.5 * 10
        assert rate == pytest.approx(expected), name


def test_groups__frozen_parameters_are_left_out() -> None:
    got = settings(tiny_clipbert(backbone=dict(freeze_at=2)))
    assert not [
        n for n in got if n.startswith(('backbone.stem', 'backbone.res2'))
    ]
    assert [n for n in got if n.startswith('backbone.res3')]


def test_groups__wrong_options() -> None:
    with pytest.raises(ValueError, match='cnn_lr_mul.*bert_lr_mult'):
        settings(tiny_clipbert(), dict(cnn_lr_mul=2.0))
    with pytest.raises(ValueError, match='hed'):
        settings(tiny_clipbert(), dict(prefix_lr_mult={'hed.': 2.0}))
