# Copyright (c) clipbert_mm contributors.
"""Tests of loading configs with the options of a command line."""

import inspect
import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm.utils.config_loading import (
    RUNNER_KEYS,
    load_config,
    override_config,
)

NAME = 'clipbert_msrvtt_ret'


def test_runner_keys__are_those_that_the_runner_reads() -> None:
    arguments = set(inspect.signature(Runner.__init__).parameters)
    assert arguments - {'self', 'cfg'} <= set(RUNNER_KEYS)
    source = inspect.getsource(Runner)
    read = set(re.findall(r"(?<!\w)cfg\.get\(\s*'(\w+)'", source))
    assert read <= set(RUNNER_KEYS)


def test_options__of_both_kinds_keys_win() -> None:
    cfg = load_config(
        NAME,
        {
            'test_dataloader.dataset.pipeline.3.size': 32,
            'img_size': 64,
            'model.token_budget': 7,
        },
    )
    train = cfg.train_dataloader.dataset.pipeline
    test = cfg.test_dataloader.dataset.pipeline
    assert [train[3]['size'], train[4]['size']] == [64, 64]
    assert [test[3]['size'], test[4]['size']] == [32, 64]
    assert cfg.model.token_budget == 7


@pytest.mark.parametrize(
    'key, message',
    [
        (
            'trian_dataloader.batch_size',
            "reads 'trian_dataloader'. Use train_dataloader.",
        ),
        ('imgsize', "reads 'imgsize'. Use img_size."),
        (
            'batch_size',
            'Use test_dataloader.batch_size or train_dataloader.batch_size or '
            'val_dataloader.batch_size.',
        ),
        ('token_budget', 'Use model.token_budget.'),
        (
            'train_pipeline.2.size',
            'Use train_dataloader.dataset.pipeline.',
        ),
        ('xyz', 'Settings are data_root, .*; keys of the runner are activ'),
    ],
)
def test_option__that_nothing_reads_names_the_key_that_counts(
    key: str, message: str
) -> None:
    with pytest.raises(
        ValueError, match=f'{key} would change nothing: .*{message}'
    ):
        load_config(NAME, {key: 1})


def test_options__none() -> None:
    cfg = Config(dict(model=dict(type='Line')))
    override_config(cfg, None)
    assert cfg.to_dict() == dict(model=dict(type='Line'))


def test_path__of_an_own_file_with_options(tmp_path: Path) -> None:
    path = tmp_path / 'own.py'
    path.write_text('test_dataloader = dict(num_workers=2)\n')
    cfg = load_config(str(path), dict(num_workers=0))
    assert cfg.test_dataloader.num_workers == 0
