# Copyright (c) clipbert_mm contributors.
"""Tests of what the options of train.py and test.py do to a config."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from clipbert_mm.cli import test, train


def make_cfg(**kwargs) -> Config:
    return Config(
        dict(
            optim_wrapper=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1)
            ),
            test_evaluator=dict(type='VideoTextRetrievalMetric'),
            **kwargs,
        )
    )


def train_cfg(*options: str, **kwargs) -> Config:
    return train.merge_args(
        make_cfg(**kwargs), train.parse_args(['configs/x.py', *options])
    )


def test_cfg(checkpoint: Path, *options: str, **kwargs) -> Config:
    return test.merge_args(
        make_cfg(**kwargs),
        test.parse_args(['configs/x.py', str(checkpoint), *options]),
    )


test_cfg.__test__ = False  # a helper


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    path.touch()
    return path


def test_train__work_dir_comes_from_option_then_config_then_name():
    assert train_cfg().work_dir == './work_dirs/x'
    assert train_cfg(work_dir='a').work_dir == 'a'
    assert train_cfg('--work-dir', 'b', work_dir='a').work_dir == 'b'


@pytest.mark.parametrize(
    'options, resume, load_from',
    [
        (['--resume'], True, None),
        (['--resume', 'epoch_3.pth'], True, 'epoch_3.pth'),
        ([], False, 'start.pth'),
    ],
)
def test_train__resume(options, resume, load_from):
    cfg = train_cfg(*options, resume=False, load_from='start.pth')
    assert (cfg.resume, cfg.load_from) == (resume, load_from)


def test_train__seed_replaces_that_of_the_config():
    cfg = train_cfg('--seed', '7', randomness=dict(seed=1, deterministic=True))
    assert cfg.randomness == dict(seed=7, deterministic=True)
    assert train_cfg('--seed', '7').randomness == dict(seed=7)
    assert train_cfg(randomness=dict(seed=1)).randomness == dict(seed=1)


def test_train__deterministic_and_diff_rank_seed():
    cfg = train_cfg('--deterministic', '--diff-rank-seed')
    assert cfg.randomness == dict(
        seed=None, deterministic=True, diff_rank_seed=True
    )


def test_train__no_validate():
    cfg = train_cfg(
        '--no-validate', val_cfg={}, val_dataloader={}, val_evaluator={}
    )
    assert (cfg.val_cfg, cfg.val_dataloader, cfg.val_evaluator) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    'has_bf16, dtype, loss_scale',
    [(True, 'bfloat16', 1.0), (False, 'float16', 'dynamic')],
)
def test_train__amp_takes_what_the_gpu_has(
    has_bf16, dtype, loss_scale, monkeypatch
):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(
        torch.cuda, 'is_bf16_supported', lambda including_emulation: has_bf16
    )
    wrapper = train_cfg('--amp').optim_wrapper
    assert (wrapper.type, wrapper.dtype, wrapper.loss_scale) == (
        'AmpOptimWrapper',
        dtype,
        loss_scale,
    )


def test_train__amp_keeps_what_the_config_says():
    cfg = make_cfg()
    amp = dict(type='AmpOptimWrapper', dtype='float16', loss_scale=512.0)
    cfg.optim_wrapper = dict(amp)
    args = train.parse_args(['x.py', '--amp'])
    assert train.merge_args(cfg, args).optim_wrapper == amp


def test_train__amp_refuses_other_wrappers():
    cfg = make_cfg()
    cfg.optim_wrapper.type = 'ApexOptimWrapper'
    with pytest.raises(ValueError, match="'ApexOptimWrapper'"):
        train.merge_args(cfg, train.parse_args(['x.py', '--amp']))


def test_train__auto_scale_lr():
    cfg = train_cfg('--auto-scale-lr', auto_scale_lr=dict(base_batch_size=8))
    assert cfg.auto_scale_lr == dict(base_batch_size=8, enable=True)
    with pytest.raises(ValueError, match='configs/x.py has none'):
        train_cfg('--auto-scale-lr')


def test_train__cfg_options_come_last():
    cfg = train_cfg('--seed', '1', '--cfg-options', 'randomness.seed=2')
    assert cfg.randomness.seed == 2


def test_test__missing_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match='missing.pth'):
        test_cfg(tmp_path / 'missing.pth')


def test_test__does_not_load_as_fine_tuning_does(checkpoint):
    cfg = test_cfg(checkpoint, resume=True, load_from='other.pth')
    assert (cfg.load_from, cfg.resume) == (None, False)


def test_train__a_whole_model_needs_no_file_of_its_cnn():
    model = dict(
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='a.pth')),
        head=dict(init_cfg=dict(type='Pretrained', checkpoint='b.pth')),
    )
    cfg = train_cfg(model=model, load_from='clipbert.pth')
    assert cfg.model.backbone.init_cfg is None
    assert cfg.model.head.init_cfg.checkpoint == 'b.pth'
    cfg = train_cfg(model=model)
    assert cfg.model.backbone.init_cfg.checkpoint == 'a.pth'


def test_test__out_goes_to_the_metric_that_saves_scores(checkpoint):
    cfg = test_cfg(checkpoint, '--out', 's.npz', '--dump', 'p.pkl')
    assert [dict(e) for e in cfg.test_evaluator] == [
        dict(type='VideoTextRetrievalMetric', out_file='s.npz'),
        dict(type='DumpResults', out_file_path='p.pkl'),
    ]


def test_test__out_needs_a_metric_that_saves_scores(checkpoint):
    cfg = make_cfg()
    cfg.test_evaluator = [dict(type='AccMetric')]
    args = test.parse_args(['x.py', str(checkpoint), '--out', 's.npz'])
    with pytest.raises(ValueError, match=r"got \['AccMetric'\]"):
        test.merge_args(cfg, args)


@pytest.mark.parametrize(
    'metric, right, wrong',
    [
        ('VideoTextRetrievalMetric', 's.npz', 's.json'),
        ('VideoQAMetric', 's.json', 's.npz'),
        ('CountMetric', 's.json', 's.txt'),
        ('VQAMetric', 's.json', 's'),
    ],
)
def test_test__out_has_the_ending_of_the_metric(
    checkpoint, metric, right, wrong
):
    for name in (right, wrong):
        cfg = make_cfg()
        cfg.test_evaluator = dict(type=metric)
        args = test.parse_args(['x.py', str(checkpoint), '--out', name])
        if name == right:
            test.merge_args(cfg, args)
            assert cfg.test_evaluator.out_file == right
        else:
            message = f"--out of {metric}.* {right[1:]}.*'{name}'"
            with pytest.raises(ValueError, match=message):
                test.merge_args(cfg, args)


def test_test__dump_needs_a_pickle_file(checkpoint):
    with pytest.raises(ValueError, match="'p.npz'"):
        test_cfg(checkpoint, '--dump', 'p.npz')
