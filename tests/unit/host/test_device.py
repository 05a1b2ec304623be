# Copyright (c) clipbert_mm contributors.
"""Tests of adapting configs to machines without a GPU."""

import copy

import pytest
from mmengine.config import Config
from mmengine.device import get_device

from clipbert_mm.host.device import (
    fit_to_device,
    train_without_amp,
    train_without_bf16,
    wrap_without_device_ids,
)


def make_cfg(**kwargs):
    return Config(
        dict(
            launcher='pytorch',
            optim_wrapper=dict(
                type='AmpOptimWrapper',
                dtype='bfloat16',
                loss_scale=1.0,
                accumulative_counts=2,
                optimizer=dict(type='SGD', lr=0.1),
            ),
            **kwargs,
        )
    )


def test_wrap_without_device_ids__as_the_runner_would_wrap():
    cfg = wrap_without_device_ids(make_cfg(find_unused_parameters=True))
    assert dict(cfg.model_wrapper_cfg) == dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=True,
    )


def test_wrap_without_device_ids__keeps_what_the_config_says():
    cfg = wrap_without_device_ids(
        make_cfg(model_wrapper_cfg=dict(type='Own', static_graph=True))
    )
    assert cfg.model_wrapper_cfg.type == 'Own'
    assert cfg.model_wrapper_cfg.static_graph
    assert cfg.model_wrapper_cfg.device_ids is None


def test_wrap_without_device_ids__leaves_one_process_alone():
    cfg = make_cfg()
    cfg.launcher = 'none'
    assert wrap_without_device_ids(cfg) is cfg


def test_train_without_amp__keeps_the_rest_of_the_wrapper():
    cfg = train_without_amp(make_cfg())
    assert dict(cfg.optim_wrapper) == dict(
        type='OptimWrapper',
        accumulative_counts=2,
        optimizer=dict(type='SGD', lr=0.1),
    )


@pytest.mark.parametrize('wrapper', [None, dict(type='OptimWrapper')])
def test_train_without_amp__leaves_other_wrappers_alone(wrapper):
    cfg = Config(dict(optim_wrapper=wrapper))
    assert train_without_amp(cfg) is cfg


def test_fit_to_device__does_not_change_its_argument():
    cfg = make_cfg()
    before = copy.deepcopy(cfg.to_dict())
    fitted = fit_to_device(cfg)
    assert cfg.to_dict() == before
    assert (fitted.to_dict() == before) == (get_device() != 'cpu')


def test_train_without_bf16__takes_fp16_with_loss_scaling():
    cfg = make_cfg()
    wrapper = train_without_bf16(cfg).optim_wrapper
    assert (wrapper.dtype, wrapper.loss_scale) == ('float16', 'dynamic')
    assert wrapper.accumulative_counts == 2
    assert cfg.optim_wrapper.dtype == 'bfloat16'


def test_train_without_bf16__leaves_fp16_and_full_precision_alone():
    for wrapper in (
        dict(type='AmpOptimWrapper', dtype='float16'),
        dict(type='OptimWrapper'),
    ):
        cfg = Config(dict(optim_wrapper=wrapper))
        assert train_without_bf16(cfg) is cfg
