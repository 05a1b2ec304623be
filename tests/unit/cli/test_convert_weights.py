# Copyright (c) clipbert_mm contributors.
"""Tests of the command that converts weights and exports models."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import BertConfig, BertForPreTraining, BertModel

from clipbert_mm.cli.convert_weights import describe_export, main
from tests.toolbox import reference_data
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import run_python
from tests.toolbox.small_tvp import make_tvp
from tests.toolbox.tiny_models import BERT, clipbert_config
from tests.unit.weights.test_detectron2_grid import make_detector

TOOL = ROOT / 'tools' / 'convert_weights.py'


@pytest.fixture(scope='module')
def official(tmp_path_factory) -> Path:
    """Make an official checkpoint without the values of the CNN."""
    path = tmp_path_factory.mktemp('official') / 'clipbert.pt'
    shapes = reference_data.load_json()['state_dict_small']
    shapes = {**shapes['common'], **shapes['extras']['ret_ce']}
    torch.save({n: torch.zeros(1).expand(s) for n, s in shapes.items()}, path)
    return path


@pytest.mark.slow
def test_tool__command_line(tmp_path, official):
    output = tmp_path / 'new' / 'out.pth'
    done = run_python(str(TOOL), 'official', str(official), str(output))
    assert done.returncode == 0, done.stderr
    for part in (
        '314 used, 21 dropped, 0 missing',
        'num_outputs=2',
        'used: cnn.grid_encoder.0.weight -> neck.conv.weight',
        'part of the detector',
        'head.classifier has 2 outputs',
        f'saved to {output}',
    ):
        assert part in done.stdout
    content = torch.load(output, weights_only=True)
    assert len(content['state_dict']) == 314
    assert content['meta']['conversion']['sizes']['num_outputs'] == 2
    assert content['meta']['converted_from'] == 'clipbert.pt'


@pytest.mark.slow
def test_tool__strict_is_the_default(tmp_path, official, capsys):
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


@pytest.mark.slow
def test_tool__detectron2_pickle(tmp_path, capsys):
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
def test_tool__bert_directory(tmp_path, capsys, heads, num_used):
    config = BertConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=20,
    )
    BertForPreTraining(config).save_pretrained(tmp_path / 'bert')
    target = tmp_path / 'out.pth'
    assert (
        main(['bert', str(tmp_path / 'bert'), str(target), '--heads', heads])
        == 0
    )
    assert f'{num_used} used' in capsys.readouterr().out
    assert len(torch.load(target, weights_only=True)['state_dict']) == num_used


@pytest.mark.parametrize(
    'command, output, message',
    [
        ('resnet', 'here', "here' is a folder"),
        ('resnet', 'here/weights.pth', 'must not be the file that is read'),
        ('bert', 'here/weights.pth', 'must not be the file that is read'),
        ('bert', 'here/weights.pth/out.pth', "weights.pth' is a file"),
        ('bert --reverse --config x', 'here/weights.pth', "pth' is a file"),
        (
            'bert --reverse --config x',
            'again',
            'the weights to write must not be the file that is read',
        ),
        ('export x', 'here/weights.pth/out', "weights.pth' is a file"),
    ],
)
def test_tool__checks_where_it_will_write_before_it_reads(
    tmp_path, capsys, command, output, message
):
    weights = tmp_path / 'here' / 'weights.pth'
    weights.parent.mkdir()
    weights.write_text('would not be read')
    (tmp_path / 'again').mkdir()
    (tmp_path / 'again' / 'model.safetensors').hardlink_to(weights)
    words = command.split()
    source = weights.parent if words == ['bert'] else weights
    assert main([*words, str(source), str(tmp_path / output)]) == 1
    assert message in capsys.readouterr().err
    assert weights.read_text() == 'would not be read'


def test_tool__missing_file(tmp_path, capsys):
    absent = str(tmp_path / 'absent.pt')
    assert main(['official', absent, str(tmp_path / 'out.pth')]) == 1
    assert f'{absent} is not a file' in capsys.readouterr().err


@pytest.mark.slow
def test_tool__official_and_back(tmp_path, official, capsys):
    ours, theirs = tmp_path / 'ours.safetensors', tmp_path / 'theirs.pt'
    assert main(['official', str(official), str(ours), '--quiet']) == 0
    capsys.readouterr()
    assert main(['official', '--reverse', str(ours), str(theirs)]) == 0
    out = capsys.readouterr().out
    for part in (
        '314 used, 0 dropped, 0 missing',
        'absent 20: part of the',
        'used: neck.conv.weight -> cnn.grid_encoder.0.weight',
    ):
        assert part in out
    back = torch.load(theirs, weights_only=True)
    assert len(back) == 314
    assert back.keys() < torch.load(official, weights_only=True).keys()


def test_tool__bert_and_back(tmp_path, capsys):
    cfg = Config(dict(model=clipbert_config()))
    cfg.dump(str(tmp_path / 'config.py'))
    bert = BertModel(BertConfig(**BERT))
    bert.save_pretrained(tmp_path / 'bert')
    (tmp_path / 'vocab.txt').write_text('[PAD]\n')
    ours, new = str(tmp_path / 'ours.pth'), tmp_path / 'new'
    assert main(['bert', str(tmp_path / 'bert'), ours]) == 0
    with pytest.raises(SystemExit):
        main(['bert', '--reverse', ours, str(new)])
    assert 'needs --config' in capsys.readouterr().err
    assert (
        main(
            [
                'bert',
                '--reverse',
                ours,
                str(new),
                '--config',
                str(tmp_path / 'config.py'),
                '--vocab',
                str(tmp_path / 'vocab.txt'),
            ]
        )
        == 0
    )
    assert {path.name for path in new.iterdir()} == {
        'config.json',
        'model.safetensors',
        'vocab.txt',
    }
    again = BertModel.from_pretrained(new).state_dict()
    assert all(
        torch.equal(again[name], value)
        for name, value in bert.state_dict().items()
    )


@pytest.mark.slow
def test_tool__tvp_and_back(tmp_path, capsys):
    make_tvp().save_pretrained(tmp_path / 'tvp')
    ours, theirs = str(tmp_path / 'ours.pth'), tmp_path / 'tvp.safetensors'
    assert main(['tvp', str(tmp_path / 'tvp'), ours]) == 0
    assert 'absent' not in capsys.readouterr().out
    assert main(['tvp', '--reverse', ours, str(theirs), '--quiet']) == 0
    assert 'absent 5: a prompt of TVP' in capsys.readouterr().out
    state = load_file(tmp_path / 'tvp' / 'model.safetensors')
    back = load_file(theirs)
    assert all(torch.equal(state[name], back[name]) for name in back)
    with safe_open(theirs, 'pt') as file:
        assert file.metadata() == dict(format='pt')


@pytest.mark.parametrize('command', ['detectron2', 'resnet'])
def test_tool__backbones_have_no_way_back(command, capsys):
    with pytest.raises(SystemExit):
        main([command, '--reverse', 'a', 'b'])
    assert 'unrecognized arguments: --reverse' in capsys.readouterr().err


def test_tool__export(tmp_path, capsys):
    cfg = Config(dict(model=clipbert_config()))
    cfg.dump(str(tmp_path / 'config.py'))
    init_default_scope('mmaction')
    state = MODELS.build(cfg.model).state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'best.pth')
    args = ['export', str(tmp_path / 'config.py'), str(tmp_path / 'best.pth')]
    assert main([*args, str(tmp_path / 'new'), '--half']) == 0
    assert f'{len(state)} tensors, 0.0 MB' in capsys.readouterr().out
    assert main([*args, str(tmp_path / 'new')]) == 1
    assert 'Choose another' in capsys.readouterr().err
    assert (
        main(
            [
                *args,
                str(tmp_path / 'start'),
                '--without-task',
                '--cfg-options',
                'model.head.num_classes=1',
            ]
        )
        == 1
    )
    assert 'needs head.num_classes=2' in capsys.readouterr().err
    assert main([*args, str(tmp_path / 'start'), '--without-task']) == 0
    new = load_file(tmp_path / 'start' / 'model.safetensors')
    assert state.keys() - new.keys() == {
        f'head.classifier.{name}'
        for name in ('0.weight', '0.bias', '2.weight', '2.bias')
    }


def test_tool__help_is_fast():
    result = run_python(
        '-c',
        'import sys\n'
        'from clipbert_mm.cli.convert_weights import main\n'
        'try:\n    main(["--help"])\n'
        'except SystemExit:\n    assert "torch" not in sys.modules',
    )
    assert result.returncode == 0, result.stderr


def test_tool__help_shows_every_command(capsys):
    with pytest.raises(SystemExit):
        main(['--help'])
    words = capsys.readouterr().out.split()
    for name in ('official', 'detectron2', 'resnet', 'bert', 'tvp', 'export'):
        # An example, and what it takes.
        assert words.count(name) >= 2


def test_describe_export__says_where_the_cnn_runs():
    graphs = {'head.onnx': 1_230_000, 'grid.onnx': None}
    lines = describe_export(dict(tensors=1, bytes=0, **graphs)).splitlines()
    assert lines[1:] == [
        'head.onnx, 1.2 MB',
        'grid.onnx, not written: only a ResNet50Grid with a GridEncoder has '
        'a graph. The CNN runs in PyTorch',
    ]
