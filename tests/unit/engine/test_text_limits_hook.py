# Copyright (c) clipbert_mm contributors.
"""Datasets whose texts do not fit BERT end a run before it begins."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm.utils.config_files import shipped_configs
from clipbert_mm.utils.config_loading import load_config
from tests.toolbox.shrink import TINY_BERT, make_corpus, shrink
from tests.toolbox.vocabulary import write_vocabulary

POSITIONS = TINY_BERT['max_position_embeddings']


@pytest.fixture(scope='module')
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp('videos'))


def build(videos: Path, tmp_path: Path, **members: Any) -> Runner:
    cfg = shrink('clipbert_msrvtt_ret', videos, work_dir=str(tmp_path))
    for split, change in members.items():
        loader: Config = cfg[f'{split}_dataloader']
        steps = [*loader.dataset.pipeline, loader.dataset.get('tokenize')]
        for step in steps:
            if step and step.type == 'BertTokenize':
                step.update(change)
    cfg.log_level = 'ERROR'
    return Runner.from_cfg(cfg)


@pytest.mark.slow
@pytest.mark.parametrize('split', ['train', 'val'])
def test_text_limits_hook__before_the_first_epoch(videos, tmp_path, split):
    runner = build(
        videos, tmp_path, **{split: dict(max_txt_len=POSITIONS + 1)}
    )
    with pytest.raises(
        ValueError,
        match=f'{split}_dataloader has max_txt_len={POSITIONS + 1}, but BERT '
        f'has {POSITIONS} positions',
    ):
        runner.train()
    assert not list(tmp_path.glob('*.pth'))


@pytest.mark.slow
def test_text_limits_hook__before_a_test(videos, tmp_path):
    write_vocabulary(tmp_path / 'other', ['dog'])
    runner = build(
        videos, tmp_path, test=dict(tokenizer=str(tmp_path / 'other'))
    )
    with pytest.raises(
        ValueError, match='tokenizer of test_dataloader has 6 words, but BERT'
    ):
        runner.test()


@pytest.mark.slow
@pytest.mark.parametrize('name', shipped_configs())
def test_configs__have_the_hook(name):
    types = [hook['type'] for hook in load_config(name).custom_hooks]
    assert types.count('TextLimitsHook') == 1
