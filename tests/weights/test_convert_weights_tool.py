# Copyright (c) clipbert_mm contributors.
"""Tests of tools/convert_weights.py, as a user calls it."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForPreTraining

from tests import reference_data
from tests.weights.test_detectron2_grid import make_detector

TOOL = Path(__file__).parents[2] / 'tools' / 'convert_weights.py'


@pytest.fixture(scope='module')
def official(tmp_path_factory) -> Path:
    """Make an official checkpoint without the values of the CNN."""
    path = tmp_path_factory.mktemp('official') / 'clipbert.pt'
    shapes = reference_data.load_json()['state_dict_small']
    shapes = {**shapes['common'], **shapes['extras']['ret_ce']}
    torch.save({n: torch.zeros(1).expand(s) for n, s in shapes.items()}, path)
    return path


@pytest.fixture(scope='module')
def main():
    sys.path.insert(0, str(TOOL.parent))
    import convert_weights
    yield convert_weights.main
    sys.path.remove(str(TOOL.parent))


def test_tool__command_line(tmp_path, official):
    output = tmp_path / 'new' / 'out.pth'
    done = subprocess.run(
        [sys.executable, str(TOOL), 'official', str(official), str(output)],
        cwd=tmp_path,
        env={
            **os.environ, 'PYTHONPATH': str(TOOL.parents[1])
        },
        capture_output=True,
        text=True,
        check=False)
    assert done.returncode == 0, done.stderr
    for part in ('314 used, 21 dropped, 0 missing', 'num_outputs=2',
                 'used: cnn.grid_encoder.0.weight -> neck.conv.weight',
                 'part of the detector', 'head.classifier has 2 outputs',
                 f'saved to {output}'):
        assert part in done.stdout
    content = torch.load(output, weights_only=True)
    assert len(content['state_dict']) == 314
    assert content['meta']['conversion']['sizes']['num_outputs'] == 2
    assert content['meta']['converted_from'] == 'clipbert.pt'


def test_tool__strict_is_the_default(tmp_path, official, main, capsys):
    state = torch.load(official, weights_only=True)
    state['surprise'] = torch.zeros(1)
    source, target = tmp_path / 'odd.pt', tmp_path / 'out.pth'
    torch.save(state, source)
    assert main(['official', str(source), str(target)]) == 1
    assert 'unknown: surprise' in capsys.readouterr().err
    assert not target.exists()
    assert main(['official', str(source), str(target), '--no-strict']) == 0
    assert 'unknown: surprise' in capsys.readouterr().out
    assert target.exists()


def test_tool__detectron2_pickle(tmp_path, main, capsys):
    arrays = {
        name: np.zeros(tuple(value.shape), np.float32)
        for name, value in make_detector().items()
        if name.startswith('backbone.')
    }
    source, target = tmp_path / 'r50.pkl', tmp_path / 'out.pth'
    source.write_bytes(pickle.dumps({'model': arrays}))
    assert main(['detectron2', str(source), str(target), '--quiet']) == 0
    assert '265 used, 0 dropped' in capsys.readouterr().out
    state = torch.load(target, weights_only=True)['state_dict']
    assert state['backbone.stem.conv1.weight'].shape == (64, 3, 7, 7)


@pytest.mark.parametrize('heads, num_used', [('drop', 23), ('pretrain', 30)])
def test_tool__bert_directory(tmp_path, main, capsys, heads, num_used):
    config = BertConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=20)
    BertForPreTraining(config).save_pretrained(tmp_path / 'bert')
    target = tmp_path / 'out.pth'
    assert main(['bert', str(tmp_path / 'bert'), str(target), '--heads',
                 heads]) == 0
    assert f'{num_used} used' in capsys.readouterr().out
    assert len(torch.load(target, weights_only=True)['state_dict']) == num_used


def test_tool__missing_file(tmp_path, main, capsys):
    absent = str(tmp_path / 'absent.pt')
    assert main(['official', absent, str(tmp_path / 'out.pth')]) == 1
    assert f'{absent} is not a file' in capsys.readouterr().err
