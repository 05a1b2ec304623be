# Copyright (c) clipbert_mm contributors.
"""Tests of the configs of the quickstart's stages."""

import argparse
from pathlib import Path

import pytest

from clipbert_mm.quickstart import configs
from clipbert_mm.quickstart.options import parse_args
from tests.toolbox.vocabulary import write_vocabulary


@pytest.fixture
def args(tmp_path: Path) -> argparse.Namespace:
    write_vocabulary(tmp_path / 'corpus' / 'tokenizer', ['a', 'b'])
    return parse_args(['--work-dir', str(tmp_path), '--seed', '5'])


@pytest.mark.parametrize('name', ['pretrain', 'retrieval'])
def test_stage_config__paths_vocabulary_and_seed(
    args: argparse.Namespace, name: str
) -> None:
    cfg = configs.stage_config(name, args)
    corpus = str(args.work_dir / 'corpus')
    assert 'data/quickstart' not in str(cfg).replace(corpus, '')
    for dataset in configs.find_dicts(cfg, 'ann_file'):
        assert dataset['data_root'] == corpus
    for part in configs.find_dicts(cfg['model'], 'vocab_size'):
        assert part['vocab_size'] == 7
    assert cfg['randomness']['seed'] == 5


@pytest.mark.parametrize('gpus, batch', [(0, 32), (1, 32), (4, 8), (5, 7)])
def test_stage_config__batch_is_shared_between_gpus(
    args: argparse.Namespace, gpus: int, batch: int
) -> None:
    args.gpus = gpus
    cfg = configs.stage_config('pretrain', args)
    assert cfg['train_dataloader']['batch_size'] == batch


def test_stage_config__no_pretrain_drops_mlm_and_keeps_the_steps(
    args: argparse.Namespace,
) -> None:
    with_mlm = configs.stage_config('pretrain', args)
    args.no_pretrain = True
    cfg = configs.stage_config('pretrain', args)
    assert cfg['model']['task']['with_mlm'] is False
    data, data_with_mlm = (str(c['train_dataloader']) for c in (cfg, with_mlm))
    for name in ('MaskTokens', 'mlm_labels'):
        assert name in data_with_mlm
        assert name not in data
    assert cfg['train_cfg'] == with_mlm['train_cfg']
