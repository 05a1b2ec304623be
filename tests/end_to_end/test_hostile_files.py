# Copyright (c) clipbert_mm contributors.
"""No command runs code that is hidden in a checkpoint."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from clipbert_mm.cli.convert_weights import main
from tests.toolbox.tiny_models import BERT, clipbert_config

COMMANDS = {
    'official': ['official', '{file}', '{new}'],
    'official_reverse': ['official', '--reverse', '{file}', '{new}'],
    'detectron2': ['detectron2', '{file}', '{new}'],
    'resnet': ['resnet', '{file}', '{new}'],
    'bert': ['bert', '{file}', '{new}'],
    'bert_reverse': [
        'bert',
        '--reverse',
        '{file}',
        '{new}',
        '--config',
        '{config}',
    ],
    'tvp': ['tvp', '{file}', '{new}'],
    'tvp_reverse': ['tvp', '--reverse', '{file}', '{new}'],
    'export': ['export', '{config}', '{file}', '{new}'],
}
SUFFIXES = ('.pth', '.pt', '.pkl', '.bin', '.safetensors')


class Harmful:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def write_harmful(path: Path, target: Path) -> None:
    """Write a checkpoint as each program would, with a command in it."""
    if path.suffix == '.pkl':
        weights = dict(weight=np.zeros(1))
        path.write_bytes(
            pickle.dumps(dict(model=weights, hook=Harmful(target)))
        )
    else:
        weights = dict(weight=torch.zeros(1))
        torch.save(dict(state_dict=weights, hook=Harmful(target)), path)


@pytest.mark.parametrize('command', COMMANDS)
def test_commands__refuse_code_and_do_not_run_it(tmp_path, capsys, command):
    config = tmp_path / 'config.py'
    Config(dict(model=clipbert_config(head=dict(bert=BERT)))).dump(str(config))
    target = tmp_path / 'ran'
    for suffix in SUFFIXES:
        path = tmp_path / f'harmful{suffix}'
        write_harmful(path, target)
        names = dict(file=path, new=tmp_path / 'new', config=config)
        args = [part.format(**names) for part in COMMANDS[command]]
        assert main(args) == 1, suffix
        error = capsys.readouterr().err
        assert path.name in error
        assert 'it needs' in error
        assert 'system' in error
        assert 'could run code' in error
    assert not target.exists()
    assert not (tmp_path / 'new').exists()


def test_write_harmful__is_harmful(tmp_path):
    write_harmful(tmp_path / 'harmful.pth', tmp_path / 'ran')
    torch.load(tmp_path / 'harmful.pth', weights_only=False)
    assert (tmp_path / 'ran').exists()


@pytest.mark.parametrize('command', ['bert', 'tvp'])
def test_commands__refuse_code_in_a_directory(tmp_path, capsys, command):
    write_harmful(tmp_path / 'pytorch_model.bin', tmp_path / 'ran')
    assert main([command, str(tmp_path), str(tmp_path / 'new.pth')]) == 1
    assert 'could run code' in capsys.readouterr().err
    assert not (tmp_path / 'ran').exists()
