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
    ConfigFileError,
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


@pytest.mark.parametrize(
    'key, message',
    [
        (
            'train_dataloader.dataset.pipeline.99.size',
            'KeyError: .Index 99 ex',
        ),
        (
            'train_dataloader.dataset.pipeline.x.size',
            'TypeError: list indices',
        ),
        ('train_dataloader.batch_size.x', 'TypeError: batch_size='),
    ],
)
def test_option__that_does_not_fit_is_named(key: str, message: str) -> None:
    options = {'img_size': 64, 'model.token_budget': 7, key: 3}
    with pytest.raises(
        ValueError,
        match=f'^{re.escape(key)}=3 does not fit the config: {message}',
    ):
        load_config(NAME, options)


@pytest.mark.parametrize(
    'key',
    [
        'model',
        'model.head',
        'train_dataloader',
        'test_dataloader.dataset',
        'optim_wrapper',
        'default_hooks',
    ],
)
def test_option__part_that_is_no_dict(key: str) -> None:
    with pytest.raises(ValueError, match=f'^{key} must be a dict, but got 3'):
        load_config(NAME, {key: 3})


@pytest.mark.parametrize(
    'name, content, reason',
    [
        ('a.py', b'a = (', r"SyntaxError: '\(' was never closed"),
        ('a.py', b'a = "\xe9"', "UnicodeDecodeError: 'utf-8' codec"),
        # Python 3.10 raises a ValueError, whose name is not shown.
        ('a.py', b'a = \0', '(SyntaxError: )?source code string cannot'),
        ('a.py', b'a = 1 / 0', 'ZeroDivisionError: division by zero'),
        ('a.py', b"_base_ = 'b.py'", 'FileNotFoundError: .*b.py'),
        ('a.py', b"_base_ = 'clipbert_mm::b'", "FileNotFoundError: .*'b'"),
        ('a.json', b'{"a": 1', 'JSONDecodeError: Expecting'),
        ('a.json', b'[]', 'AttributeError: '),
        ('a.txt', b'a = 1', 'OSError: Only py/yml/yaml/json'),
        (
            'a.py',
            b"_base_ = 'clipbert_mm::clipbert_debug.py'\nsettings = 3",
            '.*a.py: settings must be a dict, such as .*, but got 3',
        ),
    ],
)
def test_config__that_cannot_be_read_is_named(
    name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(
        ConfigFileError, match=f'^The config {path} cannot be read: {reason}'
    ):
        load_config(path)


def test_options__none() -> None:
    cfg = Config(dict(model=dict(type='Line')))
    override_config(cfg, None)
    assert cfg.to_dict() == dict(model=dict(type='Line'))


def test_path__of_an_own_file_with_options(tmp_path: Path) -> None:
    path = tmp_path / 'own.py'
    path.write_text('test_dataloader = dict(num_workers=2)\n')
    cfg = load_config(str(path), dict(num_workers=0))
    assert cfg.test_dataloader.num_workers == 0
