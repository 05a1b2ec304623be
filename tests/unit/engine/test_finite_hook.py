# Copyright (c) clipbert_mm contributors.
"""Training stops when a loss or a weight is NaN or infinite."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmaction.registry import HOOKS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import distributed, nn

from clipbert_mm.engine import FiniteHook
from clipbert_mm.engine.finite_hook import bad_losses, batch_files
from clipbert_mm.utils.config_files import shipped_configs
from clipbert_mm.utils.config_loading import load_config
from clipbert_mm.utils.finite import NonFiniteError, find_non_finite
from tests.toolbox.paths import TOOLS
from tests.toolbox.processes import free_port, run_ranks
from tests.toolbox.shrink import make_corpus, shrink, write_config

WEIGHT = 'neck.conv.weight'


@HOOKS.register_module()
class SpoilWeight(Hook):
    """Make a weight NaN before or after the step of an iteration."""

    priority = 'VERY_HIGH'

    def __init__(self, iteration: int, before: bool, value: float) -> None:
        self.iteration = iteration
        self.before = before
        self.value = value

    def before_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        if self.before:
            self.spoil(runner)

    def after_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        if not self.before:
            self.spoil(runner)

    def spoil(self, runner: Any) -> None:
        if runner.iter == self.iteration:
            with torch.no_grad():
                runner.model.get_parameter(WEIGHT).flatten()[0] = self.value


@pytest.fixture(scope='module')
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp('videos'))


def config(videos: Path, work_dir: Path, **spoil: Any) -> Config:
    """Two epochs of six iterations; one checkpoint is kept."""
    cfg = shrink('clipbert_msrvtt_ret', videos, work_dir=str(work_dir))
    cfg.train_cfg.max_epochs = cfg.param_scheduler.end = 2
    cfg.default_hooks.checkpoint.max_keep_ckpts = 1
    cfg.visualizer.vis_backends = []
    cfg.log_level = 'WARNING'
    if spoil:
        cfg.custom_hooks.append(dict(type='SpoilWeight', **spoil))
    return cfg


def without_validation(cfg: Config) -> Config:
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    return cfg


def finite_checkpoint(path: Path) -> bool:
    return not find_non_finite(torch.load(path)['state_dict'])


@pytest.mark.slow
@pytest.mark.parametrize('validate', [False, True])
@pytest.mark.parametrize('value', [torch.nan, torch.inf])
def test_finite_hook__loss_names_the_files_and_keeps_the_checkpoint(
    videos: Path, tmp_path: Path, validate: bool, value: float
) -> None:
    cfg = config(videos, tmp_path, iteration=7, before=True, value=value)
    runner = Runner.from_cfg(cfg if validate else without_validation(cfg))
    with pytest.raises(NonFiniteError) as caught:
        runner.train()
    text = str(caught.value)
    assert 'in epoch 2, iteration 8, loss' in text
    assert f'The last checkpoint is {tmp_path}/epoch_1.pth' in text
    named = [f'train{i}.mp4' for i in range(8) if f'train{i}.mp4' in text]
    assert len(named) == cfg.train_dataloader.batch_size == 2
    kept = sorted(path.name for path in tmp_path.glob('*.pth'))
    assert kept == ['best_t2v_R1_epoch_1.pth'] * validate + ['epoch_1.pth']
    assert all(finite_checkpoint(tmp_path / name) for name in kept)


@pytest.mark.slow
@pytest.mark.parametrize('by_epoch', [True, False])
def test_finite_hook__last_step_before_a_save(
    videos: Path, tmp_path: Path, by_epoch: bool
) -> None:
    """The loss is finite; only the weights to be saved are not."""
    cfg = config(videos, tmp_path, iteration=11, before=False, value=torch.nan)
    if not by_epoch:
        cfg.default_hooks.checkpoint.update(by_epoch=False, interval=6)
    with pytest.raises(
        NonFiniteError, match=f'No checkpoint is saved.*of them: {WEIGHT}'
    ):
        Runner.from_cfg(without_validation(cfg)).train()
    (left,) = tmp_path.glob('*.pth')
    assert left.name == ('epoch_1.pth' if by_epoch else 'iter_6.pth')
    assert finite_checkpoint(left)


@pytest.mark.slow
def test_finite_hook__validation_and_testing_do_not_start(
    videos: Path, tmp_path: Path
) -> None:
    runner = Runner.from_cfg(config(videos, tmp_path))
    with torch.no_grad():
        runner.model.get_parameter(WEIGHT).flatten()[0] = torch.nan
    with pytest.raises(NonFiniteError, match='Validation cannot start'):
        runner.val()
    with pytest.raises(NonFiniteError, match='Testing cannot start'):
        runner.test()


@pytest.mark.slow
def test_train__diverging_run_exits_with_an_error(
    videos: Path, tmp_path: Path
) -> None:
    cfg = config(videos, tmp_path / 'work')
    cfg.optim_wrapper.optimizer.lr = 1e38
    cfg.optim_wrapper.clip_grad = None
    cfg.param_scheduler = None
    path = write_config(cfg, tmp_path / 'diverging.py')
    result = subprocess.run(
        [sys.executable, TOOLS / 'train.py', path, '--no-validate'],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert 'NonFiniteError: Losses must be finite' in last
    assert '.mp4' in last
    assert not list((tmp_path / 'work').glob('*.pth'))


def linear_runner(**hooks: Any) -> SimpleNamespace:
    return SimpleNamespace(
        model=nn.Linear(2, 1), epoch=0, iter=3, hooks=list(hooks.values())
    )


def batch(*names: str) -> dict:
    return dict(
        data_samples=[
            ActionDataSample(metainfo=dict(filename=name)) for name in names
        ]
    )


def test_finite_hook__scaled_gradients_that_overflow_are_normal() -> None:
    """A loss scaler leaves the step out, and training continues."""
    runner = linear_runner()
    before = runner.model.weight.detach().clone()
    optimizer = torch.optim.SGD(runner.model.parameters(), lr=1.0)
    scaler = torch.amp.GradScaler('cpu', init_scale=2.0**120)
    loss = (runner.model(torch.full((1, 2), 1e10)) ** 2).mean()
    scaler.scale(loss).backward()
    assert torch.isinf(runner.model.weight.grad).all()
    scaler.step(optimizer)
    scaler.update()
    hook = FiniteHook()
    hook.after_train_iter(runner, 0, batch('a.mp4'), dict(loss=loss.detach()))
    hook.after_train_epoch(runner)
    assert torch.equal(runner.model.weight, before)


def test_finite_hook__averaged_weights() -> None:
    spoilt = {'module.weight': torch.tensor([torch.nan])}
    saved = dict(state_dict={}, ema_state_dict=spoilt)
    with pytest.raises(NonFiniteError, match='ema_state_dict.*module.weight'):
        FiniteHook().before_save_checkpoint(linear_runner(), saved)


def test_finite_hook__start_from_spoilt_weights() -> None:
    runner = linear_runner()
    with torch.no_grad():
        runner.model.bias.fill_(torch.inf)
    with pytest.raises(NonFiniteError, match='Training cannot start.*bias'):
        FiniteHook().before_train(runner)


@pytest.mark.parametrize(
    'outputs, names',
    [
        (dict(loss=torch.tensor(1.0), accuracy=torch.tensor(torch.nan)), []),
        (dict(loss_mlm=torch.tensor([1.0, torch.nan])), ['loss_mlm']),
        (dict(loss=float('-inf'), grad_norm=torch.inf), ['loss']),
        ({}, []),
    ],
)
def test_bad_losses__only_losses(outputs: dict, names: list[str]) -> None:
    assert list(bad_losses(outputs)) == names


def test_batch_files__ids_and_unnamed_samples() -> None:
    named = ActionDataSample(metainfo=dict(video_id='v7'))
    assert batch_files(dict(data_samples=[named, ActionDataSample()])) == [
        'v7'
    ]
    assert batch_files(dict(inputs=[])) == []
    assert batch_files([1]) == []


def stop_together(rank: int, port: str, folder: str) -> None:
    """One of two processes, of which only the second has a NaN."""
    distributed.init_process_group(
        'gloo', f'tcp://127.0.0.1:{port}', rank=rank, world_size=2
    )
    texts = []
    loss = torch.tensor((0.5, torch.nan)[rank])
    try:
        FiniteHook().after_train_iter(
            linear_runner(), 0, batch(f'{rank}.mp4'), dict(loss=loss)
        )
    except NonFiniteError as error:
        texts.append(str(error))
    runner = linear_runner()
    if rank == 1:  # a buffer may differ between processes
        runner.model.register_buffer('mean', torch.tensor(torch.nan))
    try:
        FiniteHook().after_train_epoch(runner)
    except NonFiniteError as error:
        texts.append(str(error))
    Path(folder, f'{rank}.txt').write_text('\n'.join(texts))
    distributed.barrier()
    os._exit(0)


@pytest.mark.slow
def test_finite_hook__all_processes_stop(tmp_path: Path) -> None:
    run_ranks(stop_together, free_port(), str(tmp_path))
    for rank in range(2):
        loss, weights = (tmp_path / f'{rank}.txt').read_text().splitlines()
        assert (
            "loss is nan. Training has stopped. Files of the batch: '1.mp4'."
            in loss
        )
        assert 'the first of them: mean' in weights


@pytest.mark.slow
@pytest.mark.parametrize('name', shipped_configs())
def test_configs__have_the_hook(name: str) -> None:
    types = [hook['type'] for hook in load_config(name).custom_hooks]
    assert types.count('FiniteHook') == 1
