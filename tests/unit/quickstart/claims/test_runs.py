# Copyright (c) clipbert_mm contributors.
"""Tests of the runs that the claims compare."""

import argparse
from pathlib import Path

import pytest

from clipbert_mm.quickstart.claims import __main__ as claims
from clipbert_mm.quickstart.claims import runs, variants
from clipbert_mm.quickstart.options import parse_args
from tests.toolbox.vocabulary import write_vocabulary


@pytest.fixture
def options(tmp_path: Path) -> argparse.Namespace:
    for folder in ('corpus', 'events'):
        write_vocabulary(tmp_path / folder / 'tokenizer', ['a'])
    return parse_args(['--task', 'qa', '--work-dir', str(tmp_path)])


@pytest.mark.parametrize('name', variants.VARIANTS)
def test_variants__cost_as_many_clips(options, name: str) -> None:
    cfg = runs.variant_config(
        options, name, variants.Training(24), Path('pretrained.pth')
    )
    sampler = cfg['train_dataloader']['dataset']['pipeline'][1]
    variant = variants.VARIANTS[name]
    assert sampler['mode'] == variant.mode
    assert sampler['num_clips'] * cfg['train_cfg']['max_epochs'] == 48
    assert cfg['param_scheduler']['end'] == cfg['train_cfg']['max_epochs']
    tested = cfg['test_dataloader']['dataset']['pipeline'][1]
    assert (tested['mode'], tested['num_clips']) == ('uniform', 8)
    assert (cfg['load_from'] is None) == (name == 'scratch')
    assert cfg['model']['frozen_backbone'] == (name == 'frozen')


def test_variants__pretraining_has_the_network_that_answers(options) -> None:
    training = variants.Training(neck_norm='batch', pretrain_lr=1e-3, lr=5e-4)
    cfg = runs.pretrain_config(options, training)
    answers = runs.variant_config(options, 'base', training, Path('a'))
    for stage, rate in ((cfg, 1e-3), (answers, 5e-4)):
        assert stage['model']['neck']['norm'] == 'batch'
        assert stage['optim_wrapper']['optimizer']['lr'] == rate
    model, answering = cfg['model'], answers['model']
    for part in ('backbone', 'neck'):
        assert model[part] == answering[part]
    assert model['head']['bert'] == answering['head']['bert']


def test_training__defaults_are_those_of_the_command_line() -> None:
    args = claims.parse_args([])
    given = (args.epochs, args.neck_norm, args.pretrain_lr, args.lr)
    assert variants.Training(*given) == variants.Training()
