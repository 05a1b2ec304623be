# Copyright (c) clipbert_mm contributors.
"""Tests of what the options of train.py do to a config."""

import pytest
import torch
from mmengine.config import Config

from clipbert_mm.cli import train
from clipbert_mm.utils.resume_errors import ExistingCheckpointsError


def make_cfg(**kwargs) -> Config:
    return Config(
        dict(
            optim_wrapper=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1)
            ),
            **kwargs,
        )
    )


def train_cfg(*options: str, **kwargs) -> Config:
    return train.merge_args(
        make_cfg(**kwargs), train.parse_args(['configs/x.py', *options])
    )


@pytest.mark.parametrize(
    'options, resume, load_from',
    [
        (['--resume'], True, None),
        (['--resume', 'epoch_3.pth'], True, 'epoch_3.pth'),
        ([], False, 'start.pth'),
    ],
)
def test_resume(options, resume, load_from):
    cfg = train_cfg(*options, resume=False, load_from='start.pth')
    assert (cfg.resume, cfg.load_from) == (resume, load_from)
    if resume:
        assert cfg.first_load_from == 'start.pth'


def test_seed_replaces_that_of_the_config():
    cfg = train_cfg('--seed', '7', randomness=dict(seed=1, deterministic=True))
    assert cfg.randomness == dict(seed=7, deterministic=True)
    assert train_cfg('--seed', '7').randomness == dict(seed=7)
    assert train_cfg(randomness=dict(seed=1)).randomness == dict(seed=1)


def test_deterministic_and_diff_rank_seed():
    cfg = train_cfg('--deterministic', '--diff-rank-seed')
    assert cfg.randomness == dict(
        seed=None, deterministic=True, diff_rank_seed=True
    )


def test_no_validate():
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
def test_amp_takes_what_the_gpu_has(has_bf16, dtype, loss_scale, monkeypatch):
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


def test_amp_keeps_what_the_config_says():
    cfg = make_cfg()
    amp = dict(type='AmpOptimWrapper', dtype='float16', loss_scale=512.0)
    cfg.optim_wrapper = dict(amp)
    args = train.parse_args(['x.py', '--amp'])
    assert train.merge_args(cfg, args).optim_wrapper == amp


def test_amp_refuses_other_wrappers():
    cfg = make_cfg()
    cfg.optim_wrapper.type = 'ApexOptimWrapper'
    with pytest.raises(ValueError, match="'ApexOptimWrapper'"):
        train.merge_args(cfg, train.parse_args(['x.py', '--amp']))


def test_auto_scale_lr():
    cfg = train_cfg('--auto-scale-lr', auto_scale_lr=dict(base_batch_size=8))
    assert cfg.auto_scale_lr == dict(base_batch_size=8, enable=True)
    with pytest.raises(ValueError, match='configs/x.py has none'):
        train_cfg('--auto-scale-lr')


def test_cfg_options_come_last():
    cfg = train_cfg('--seed', '1', '--cfg-options', 'randomness.seed=2')
    assert cfg.randomness.seed == 2


def test_a_whole_model_needs_no_file_of_its_cnn():
    model = dict(
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='a.pth')),
        head=dict(init_cfg=dict(type='Pretrained', checkpoint='b.pth')),
    )
    cfg = train_cfg(model=model, load_from='clipbert.pth')
    assert cfg.model.backbone.init_cfg is None
    assert cfg.model.head.init_cfg.checkpoint == 'b.pth'
    cfg = train_cfg(model=model)
    assert cfg.model.backbone.init_cfg.checkpoint == 'a.pth'


def test_overwrite__reaches_the_hook_that_saves():
    assert train_cfg('--overwrite').default_hooks.checkpoint == dict(
        type='CheckpointHook', interval=1, overwrite=True
    )
    hooks = dict(checkpoint=dict(type='CheckpointHook', interval=5))
    cfg = train_cfg('--overwrite', default_hooks=hooks)
    assert cfg.default_hooks.checkpoint.overwrite is True
    assert cfg.default_hooks.checkpoint.interval == 5
    none = dict(checkpoint=None)
    assert train_cfg('--overwrite', default_hooks=none).default_hooks == none


@pytest.mark.parametrize(
    'name, hook, options, is_refused',
    [
        ('run/epoch_1.pth', None, [], True),
        ('run/iter_1.pth', {}, [], True),
        ('run/epoch_1.pth', {}, ['--overwrite'], False),
        ('run/epoch_1.pth', {}, ['--resume'], False),
        ('run/best_acc_epoch_1.pth', {}, [], False),
        ('run/epoch_1.pth', dict(filename_tmpl='{}.pth'), [], False),
        ('run/1.pth', dict(filename_tmpl='{}.pth'), [], True),
        ('disk/run/epoch_1.pth', dict(out_dir='disk'), [], True),
        ('run/epoch_1.pth', dict(out_dir='disk'), [], False),
    ],
)
def test_refuse_to_overwrite(tmp_path, name, hook, options, is_refused):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b'')
    if hook and 'out_dir' in hook:
        hook = dict(hook, out_dir=str(tmp_path / hook['out_dir']))
    given = {} if hook is None else dict(default_hooks=dict(checkpoint=hook))
    cfg = train_cfg(*options, f'--work-dir={tmp_path}/run', **given)
    if not is_refused:
        train.refuse_to_overwrite(cfg)
        return
    with pytest.raises(ExistingCheckpointsError, match=r'--resume.*--overw'):
        train.refuse_to_overwrite(cfg)


@pytest.mark.parametrize('number', [0, -1, 1.5, 'x'])
def test_length__of_none(number):
    for key in ('train_cfg.max_epochs', 'train_cfg.max_iters'):
        with pytest.raises(ValueError, match=f'{key} must be an integer >= 1'):
            train_cfg('--cfg-options', f'{key}={number}')


@pytest.mark.parametrize('text', ['-1', 'x', '4294967296', '9' * 5000])
def test_seed__that_numpy_does_not_take(text, capsys):
    with pytest.raises(SystemExit):
        train.parse_args(['x.py', f'--seed={text}'])
    assert '--seed: expected an integer from 0 to' in capsys.readouterr().err


@pytest.mark.parametrize(
    'words, message',
    [
        (['clipbert_rat'], "No config 'clipbert_rat' comes with clipbert_mm"),
        (
            ['clipbert_debug', '--cfg-options', 'model.head.x.y.z=3', 'a=1'],
            'a would change nothing',
        ),
        (
            ['clipbert_debug', '--cfg-options', 'train_cfg.max_epochs=0'],
            'train_cfg.max_epochs must be an integer >= 1, but got 0',
        ),
    ],
)
def test_main__wrong_config_ends_with_its_message(words, message):
    with pytest.raises(SystemExit, match=message):
        train.main(words)
