# Copyright (c) clipbert_mm contributors.
"""Tests of what the options of test.py do to a config."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import load_checkpoint

from clipbert_mm.cli import test
from clipbert_mm.utils.finite import NonFiniteError
from clipbert_mm.utils.outputs import OutputError
from tests.toolbox.tiny_models import tiny_clipbert


def make_cfg(**kwargs) -> Config:
    return Config(
        dict(test_evaluator=dict(type='VideoTextRetrievalMetric'), **kwargs)
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


def test_missing_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match='missing.pth'):
        test_cfg(tmp_path / 'missing.pth')


def test_does_not_load_as_fine_tuning_does(checkpoint):
    cfg = test_cfg(checkpoint, resume=True, load_from='other.pth')
    assert (cfg.load_from, cfg.resume) == (None, False)


def test_out_goes_to_the_metric_that_saves_scores(checkpoint):
    cfg = test_cfg(checkpoint, '--out', 's.npz', '--dump', 'p.pkl')
    assert [dict(e) for e in cfg.test_evaluator] == [
        dict(type='VideoTextRetrievalMetric', out_file='s.npz'),
        dict(type='DumpResults', out_file_path='p.pkl'),
    ]


def test_out_needs_a_metric_that_saves_scores(checkpoint):
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
def test_out_has_the_ending_of_the_metric(checkpoint, metric, right, wrong):
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


def test_dump_needs_a_pickle_file(checkpoint):
    with pytest.raises(ValueError, match="'p.npz'"):
        test_cfg(checkpoint, '--dump', 'p.npz')


class ModelRunner:
    """The part of a runner that loads a checkpoint, by MMEngine."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model

    def load_checkpoint(self, path: str, strict: bool) -> None:
        load_checkpoint(self.model, path, strict=strict)


def test_load_whole__weights_that_are_not_finite(tmp_path):
    state = tiny_clipbert().state_dict()
    state['neck.conv.weight'][0] = torch.nan
    path = str(tmp_path / 'a.pth')
    torch.save(state, path)
    with pytest.raises(
        NonFiniteError,
        match=f"^'{path}' cannot be tested. .*of them: neck.conv.weight",
    ):
        test.load_whole(ModelRunner(tiny_clipbert()), path)


def test_load_whole__another_task(tmp_path):
    state = tiny_clipbert().state_dict()
    state['task.mlm.bias'] = state.pop('head.classifier.0.bias')
    path = str(tmp_path / 'a.pth')
    torch.save(state, path)
    with pytest.raises(
        RuntimeError, match=f"'{path}' does not match the model of this config"
    ):
        test.load_whole(ModelRunner(tiny_clipbert()), path)


def test_load_whole__address_without_an_answer():
    runner = SimpleNamespace(
        load_checkpoint=lambda name, strict: load_checkpoint(
            torch.nn.Linear(1, 1), name, 'cpu', strict
        )
    )
    address = 'http://127.0.0.1:9/x.pth'
    with pytest.raises(ValueError, match=f'{address}. cannot be read: .*refu'):
        test.load_whole(runner, address)


def test_show_dir__adds_the_hook_and_its_visualizer(checkpoint):
    own = dict(type='ContactSheetHook', num_sheets=3)
    cfg = test_cfg(
        checkpoint,
        '--show-dir',
        'sheets',
        custom_hooks=[dict(type='TextBankHook'), own],
        visualizer=dict(type='ActionVisualizer', vis_backends=[]),
    )
    assert cfg.custom_hooks == [
        dict(type='TextBankHook'),
        dict(type='ContactSheetHook', out_dir='sheets', num_sheets=16),
    ]
    assert cfg.visualizer == dict(type='VideoTextVisualizer', vis_backends=[])
    bare = test_cfg(checkpoint, '--show-dir', 'a', '--num-sheets', '2')
    assert bare.visualizer == dict(type='VideoTextVisualizer')
    assert bare.custom_hooks[0].num_sheets == 2


def test_show_dir__must_be_a_folder(checkpoint):
    args = test.parse_args(
        ['x.py', str(checkpoint), '--show-dir', str(checkpoint)]
    )
    cfg = make_cfg(work_dir=str(checkpoint.parent))
    with pytest.raises(OutputError, match='--show-dir must be a folder'):
        test.check_outputs(cfg, args)
