# Copyright (c) clipbert_mm contributors.
"""Tests of what a resumed run takes from its checkpoint, and what not."""

from pathlib import Path

import pytest
import torch
from mmaction.registry import PARAM_SCHEDULERS  # noqa: F401  (ours are in it)

from clipbert_mm.engine import WarmupLinearLR  # noqa: F401
from clipbert_mm.host.repairs.resumed_state import distrust
from clipbert_mm.utils.resume_errors import NotResumableError
from tests.toolbox.tiny_training import tiny_runner

pytestmark = pytest.mark.slow  # trains

ITER = dict(by_epoch=True, convert_to_iter_based=True)
SCHEDULES = {
    'WarmupLinearLR': lambda epochs: [
        dict(type='mmaction.WarmupLinearLR', end=epochs, **ITER)
    ],
    'LinearLR': lambda epochs: [
        dict(type='LinearLR', start_factor=1.0, end_factor=0.0, end=epochs)
    ],
    'CosineAnnealingLR': lambda epochs: [
        dict(type='CosineAnnealingLR', T_max=epochs, end=epochs, **ITER)
    ],
    'warm-up, then PolyLR': lambda epochs: [
        dict(type='LinearLR', start_factor=0.1, end=1, **ITER),
        dict(type='PolyLR', begin=1, end=epochs, power=2.0),
    ],
    'OneCycleLR': lambda epochs: [
        dict(type='OneCycleLR', eta_max=0.2, total_steps=epochs, **ITER)
    ],
    'with momentum': lambda epochs: [
        dict(type='CosineAnnealingLR', T_max=epochs, **ITER),
        dict(type='LinearMomentum', start_factor=0.5, end=epochs),
    ],
    'MultiStepLR': lambda epochs: [
        dict(type='MultiStepLR', milestones=[epochs - 1], gamma=0.1)
    ],
    'none': lambda epochs: [],
}


def rates_of(runner) -> list[tuple]:
    """Train and return learning rate and betas of every iteration."""
    rates = []
    step = runner.optim_wrapper.optimizer.step

    def note(*args, **kwargs):
        group = runner.optim_wrapper.optimizer.param_groups[0]
        rates.append((group['lr'], group['betas'], group['weight_decay']))
        return step(*args, **kwargs)

    runner.optim_wrapper.optimizer.step = note
    runner.train()
    return rates


def build(folder: Path, epochs: int, name: str, **options):
    runner = tiny_runner(
        folder, epochs, schedules=SCHEDULES[name](epochs), **options
    )
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    return runner


def flat(rates: list[tuple]) -> list[float]:
    return [x for lr, betas, decay in rates for x in (lr, *betas, decay)]


@pytest.mark.parametrize('name', SCHEDULES)
def test_more_epochs__follow_the_longer_schedule(tmp_path: Path, name: str):
    expected = rates_of(build(tmp_path / 'whole', 5, name))
    rates_of(build(tmp_path / 'run', 2, name))
    rates = rates_of(build(tmp_path / 'run', 5, name, resume=True))
    assert flat(rates) == pytest.approx(flat(expected[8:]), rel=1e-12)


@pytest.mark.parametrize('name', SCHEDULES)
def test_other_batches__continue_at_the_same_epoch(tmp_path: Path, name: str):
    expected = rates_of(build(tmp_path / 'whole', 4, name, batch_size=4))
    rates_of(build(tmp_path / 'run', 2, name, batch_size=2))
    runner = build(tmp_path / 'run', 4, name, batch_size=4, resume=True)
    rates = rates_of(runner)
    assert flat(rates) == pytest.approx(flat(expected[4:]), rel=1e-12)
    assert runner.iter == runner.max_iters == 8


@pytest.mark.parametrize('name', SCHEDULES)
def test_other_learning_rate__is_that_of_the_config(tmp_path: Path, name: str):
    expected = rates_of(build(tmp_path / 'whole', 3, name, lr=0.03))
    rates_of(build(tmp_path / 'run', 3, name, lr=0.1))
    path = str(tmp_path / 'run' / 'epoch_1.pth')
    rates = rates_of(
        build(tmp_path / 'run', 3, name, lr=0.03, resume=True, load_from=path)
    )
    assert flat(rates) == pytest.approx(flat(expected[4:]), rel=1e-12)


@pytest.mark.parametrize('name', SCHEDULES)
def test_same_settings__keep_every_bit(tmp_path: Path, name: str):
    expected = rates_of(build(tmp_path / 'run', 3, name))
    path = tmp_path / 'run' / 'epoch_3.pth'
    state = torch.load(path)['state_dict']
    chosen = str(tmp_path / 'run' / 'epoch_1.pth')
    rates = rates_of(
        build(tmp_path / 'run', 3, name, resume=True, load_from=chosen)
    )
    assert rates == expected[4:]
    resumed = torch.load(path)['state_dict']
    assert all(torch.equal(state[key], resumed[key]) for key in state)


def test_waiting_for_metrics__keeps_its_progress(tmp_path: Path):
    def runner(epochs: int, **options):
        return tiny_runner(
            tmp_path,
            epochs,
            scores=[dict(acc=1.0)] * 3,
            schedules=[
                dict(
                    type='ReduceOnPlateauLR',
                    monitor='acc',
                    rule='greater',
                    patience=0,
                    factor=0.5,
                )
            ],
            **options,
        )

    first = runner(3)
    first.train()  # the second epoch is no better, the last one never counts
    assert first.param_schedulers[0].get_last_value()[0] == 0.05
    second = runner(5, resume=True)
    second.train()
    assert second.param_schedulers[0].get_last_value()[0] == 0.025


def log_of(folder: Path) -> str:
    return max(folder.glob('*/*.log')).read_text()


def test_report__names_the_settings_that_changed(tmp_path: Path):
    tiny_runner(tmp_path, 1).train()
    tiny_runner(tmp_path, 2, batch_size=4, lr=0.2, resume=True).train()
    assert (
        'Settings changed since the checkpoint: epochs 1 -> 2, batch_size 2 '
        '-> 4, learning_rate 0.1 -> 0.2. Learning rate' in log_of(tmp_path)
    )


def test_report__is_silent_if_nothing_changed(tmp_path: Path):
    tiny_runner(tmp_path, 2).train()
    path = str(tmp_path / 'epoch_1.pth')
    tiny_runner(tmp_path, 2, resume=True, load_from=path).train()
    assert 'Settings changed' not in log_of(tmp_path)


def test_report__nothing_to_train(tmp_path: Path):
    tiny_runner(tmp_path, 1).train()
    tiny_runner(tmp_path, 1, resume=True).train()
    assert (
        'Nothing to train: 1 epoch(s) and 4 iteration(s) are done.'
        in log_of(tmp_path)
    )


def test_resume__runs_no_code_of_the_checkpoint(tmp_path: Path):
    tiny_runner(tmp_path, 1).train()
    path, proof = tmp_path / 'epoch_1.pth', tmp_path / 'proof'
    content = torch.load(path)
    content['meta']['config'] = f'open({str(proof)!r}, "w").close()'
    torch.save(content, path)
    tiny_runner(tmp_path, 2, resume=True).train()
    assert not proof.exists()


def test_resume__keeps_its_own_config_and_name(tmp_path: Path):
    tiny_runner(tmp_path, 1).train()
    path = tmp_path / 'epoch_1.pth'
    content = torch.load(path)
    info = dict(cfg='a = 1', experiment_name='../x', seed=9, best_score='a')
    content['message_hub']['runtime_info'].update(info)
    torch.save(content, path)
    runner = tiny_runner(tmp_path, 2, resume=True)
    runner.train()
    own = runner.message_hub.runtime_info
    assert own['experiment_name'] == runner.experiment_name
    assert own['cfg'] == runner.cfg.pretty_text
    assert own['seed'] == 1
    assert 'best_score' not in own


@pytest.mark.parametrize('seed', [-1, 2**32, 1.5, 'x', True, None])
def test_distrust__seed_that_is_none(seed: object):
    meta = dict(epoch=1, iter=1, seed=seed)
    distrust(dict(meta=meta, message_hub={}), 'x.pth')
    assert 'seed' not in meta


@pytest.mark.parametrize(
    'content, reason',
    [
        ({}, 'it has no meta'),
        (dict(meta=dict(epoch=-1, iter=0)), 'its epoch, but got -1'),
        (dict(meta=dict(epoch=1, iter=1.0)), 'its iter, but got 1.0'),
        (dict(meta=dict(epoch=1, iter=1)), 'it has no message_hub'),
    ],
)
def test_distrust__no_checkpoint_of_a_run(content: dict, reason: str):
    with pytest.raises(NotResumableError, match=f'from x.pth: .*{reason}'):
        distrust(content, 'x.pth')


@pytest.mark.parametrize(
    'change, reason',
    [
        (
            lambda content: content['state_dict'].pop('layer.bias'),
            'missing keys in source state_dict: layer.bias',
        ),
        (
            lambda content: content['state_dict'].update(
                {'layer.weight': torch.zeros(7, 7)}
            ),
            'size mismatch for layer.weight',
        ),
        (
            lambda content: content['optimizer']['param_groups'].pop(),
            'a different number of parameter groups',
        ),
    ],
)
def test_resume__of_another_model(change, reason: str, tmp_path: Path):
    tiny_runner(tmp_path, 1).train()
    path = tmp_path / 'epoch_1.pth'
    content = torch.load(path)
    change(content)
    torch.save(content, path)
    for load_from in (None, str(path)):
        runner = tiny_runner(tmp_path, 2, resume=True, load_from=load_from)
        with pytest.raises(
            NotResumableError,
            match=f'(?s)epoch_1.pth: it does not fit this run .*{reason}',
        ):
            runner.train()


def test_resume__without_the_state_of_the_optimizer(tmp_path: Path):
    tiny_runner(tmp_path, 1, checkpoint=dict(save_optimizer=False)).train()
    tiny_runner(tmp_path, 2, resume=True).train()
    assert (
        'holds no state of the optimizer, which starts from scratch'
        in log_of(tmp_path)
    )
