# Copyright (c) clipbert_mm contributors.
"""Tests of the options that several commands share."""

import argparse
import os

import pytest
from mmengine.config import Config

from clipbert_mm.cli import check, convert_weights, test, train
from clipbert_mm.cli.run_options import (
    add_config,
    add_launcher,
    export_local_rank,
    positive_seconds,
    set_work_dir,
    worker_number,
)
from tests.toolbox.processes import run_python

COMMANDS = {
    train: ['x.py'],
    test: ['x.py', 'x.pth'],
    check: ['x.py'],
    convert_weights: ['export', 'x.py', 'x.pth', 'folder'],
}


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument('--work-dir')
    add_config(parser)
    add_launcher(parser)
    return parser.parse_args(['configs/x.py', *arguments])


@pytest.mark.parametrize('command', COMMANDS)
def test_cfg_options__are_read_alike_by_every_command(command):
    options = ['--cfg-options', 'img_size=64', 'a.b=[1,(2,c)]', 'd=e,f']
    args = command.parse_args([*COMMANDS[command], *options])
    assert args.cfg_options == {
        'img_size': 64,
        'a.b': [1, (2, 'c')],
        'd': ['e', 'f'],
    }
    assert args.config == 'x.py'
    assert command.parse_args(COMMANDS[command]).cfg_options is None


@pytest.mark.parametrize(
    'pair, message',
    [
        ('img_size', "expected KEY=VALUE, but got 'img_size'"),
        ('img_size:64', "expected KEY=VALUE, but got 'img_size:64'"),
        ('=64', "expected KEY=VALUE, but got '=64'"),
        ('model..head=1', "expected KEY=VALUE, but got 'model..head=1'"),
        ('a=[1,(2]', "'a=[1,(2]' cannot be read: its brackets do not match"),
        ('a=[1,2', "'a=[1,2' cannot be read: its brackets do not match"),
    ],
)
def test_cfg_options__pairs_that_are_none(pair, message, capsys):
    with pytest.raises(SystemExit) as ended:
        parse('--cfg-options', pair)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert f'error: argument --cfg-options: {message}' in error


def test_cfg_options__texts_keep_their_spaces():
    args = parse('--cfg-options', 'a=/my data/x', "b='c d'", 'e= 3', 'f=')
    assert args.cfg_options == {'a': '/my data/x', 'b': 'c d', 'e': 3, 'f': ''}


def test_cfg_options__given_twice():
    args = parse('--cfg-options', 'a=1', 'b=2', '--cfg-options', 'a=3')
    assert args.cfg_options == {'a': 3, 'b': 2}


@pytest.mark.slow
@pytest.mark.parametrize(
    'module',
    [
        *(f'cli.{name}' for name in ('train', 'test', 'check', 'compress')),
        *(f'cli.{name}' for name in ('convert_weights', 'quickstart')),
        *(f'annotations.official.{name}' for name in ('msrvtt', 'tgif_qa')),
        *(f'annotations.official.{name}' for name in ('didemo', 'coco_vg')),
        *(f'annotations.official.{name}' for name in ('activitynet', 'vqa')),
    ],
)
def test_help__imports_neither_torch_nor_the_host(module):
    code = (
        f'import sys\nfrom clipbert_mm.{module} import main\n'
        'sys.argv = ["command", "--help"]\n'
        'try:\n    main()\n'
        'except SystemExit as end:\n    assert not end.code\n'
        'heavy = {"torch", "transformers", "mmengine", "mmcv", "mmaction"}\n'
        'assert not heavy & set(sys.modules), heavy & set(sys.modules)'
    )
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr
    assert 'usage: ' in result.stdout


def test_module__does_not_import_the_host():
    code = (
        'import sys, clipbert_mm.cli.run_options; '
        'sys.exit("torch" in sys.modules or "mmengine" in sys.modules)'
    )
    assert run_python('-c', code).returncode == 0


@pytest.mark.parametrize('name', ['--local_rank', '--local-rank'])
def test_launcher__rank_of_an_option_and_of_the_environment(name, monkeypatch):
    monkeypatch.delenv('LOCAL_RANK', raising=False)
    export_local_rank(parse('--launcher', 'slurm', name, '3'))
    assert os.environ['LOCAL_RANK'] == '3'
    export_local_rank(parse(name, '1'))  # torchrun has set it
    assert os.environ['LOCAL_RANK'] == '3'


def test_launcher__unknown_one_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse('--launcher', 'torch')
    assert "invalid choice: 'torch'" in capsys.readouterr().err


@pytest.mark.parametrize(
    'options, cfg, expected',
    [
        ([], {}, './work_dirs/x'),
        ([], dict(work_dir='a'), 'a'),
        (['--work-dir', 'b'], dict(work_dir='a'), 'b'),
    ],
)
def test_work_dir__comes_from_option_then_config_then_name(
    options, cfg, expected
):
    cfg = Config(cfg)
    set_work_dir(cfg, parse(*options))
    assert cfg.work_dir == expected


@pytest.mark.parametrize('text', ['-1', 'x', '1.5', '9' * 5000])
def test_worker_number__of_something_else(text):
    with pytest.raises(argparse.ArgumentTypeError, match='0 or more, but got'):
        worker_number(text)


@pytest.mark.parametrize('text', ['0', '-1', 'nan', 'inf', 'x', ''])
def test_positive_seconds__of_something_else(text):
    with pytest.raises(argparse.ArgumentTypeError, match='seconds above 0'):
        positive_seconds(text)
