# Copyright (c) clipbert_mm contributors.
"""Tests of loading MMEngine's checkpoints with ``weights_only``."""

import functools
import http.server
import io
import operator
import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import CheckpointLoader, Runner, load_checkpoint
from safetensors.torch import save_file

from clipbert_mm.host.repairs.checkpoints import (
    allow_history_buffers,
    get_statistics_method,
    load_from_safetensors,
    loads_history_buffer,
    read_downloads_safely,
)
from clipbert_mm.utils.checkpoint_errors import CheckpointFileError
from tests.toolbox.http_servers import serve


class Reduced:
    """Pickled as a call of a function."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def reload(obj, **kwargs):
    file = io.BytesIO()
    torch.save(obj, file)
    file.seek(0)
    return torch.load(file, **kwargs)


def test_load__reads_what_mmengine_stores():
    buffer = HistoryBuffer([1.0, 3.0], [1, 1])
    loaded = reload(
        dict(
            loss=buffer,
            best_score=np.float64(0.5),
            epoch=np.int64(3),
            scores=np.arange(3, dtype=np.float32),
            names=np.array(['a', 'bc']),
        ),
        weights_only=True,
    )
    assert loaded['loss'].mean() == 2.0
    assert loaded['loss'].statistics('max') == 3.0
    assert (loaded['best_score'], loaded['epoch']) == (0.5, 3)
    np.testing.assert_array_equal(loaded['scores'], [0, 1, 2])
    assert loaded['names'].tolist() == ['a', 'bc']


def test_load__refuses_a_pickle_that_runs_a_command(tmp_path):
    command = Reduced(os.system, f'touch {tmp_path / "ran"}')
    with pytest.raises(pickle.UnpicklingError, match='system'):
        reload(command)
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize(
    'obj, name',
    [
        (torch.Tensor, '__init_subclass__'),
        (HistoryBuffer, 'register_statistics'),
        (HistoryBuffer, '__init__'),
    ],
)
def test_load__refuses_another_getattr(obj, name):
    with pytest.raises(pickle.UnpicklingError, match='refused to unpickle'):
        reload(Reduced(getattr, obj, name))


def test_load__refuses_other_functions():
    with pytest.raises(pickle.UnpicklingError, match='methodcaller'):
        reload(Reduced(operator.methodcaller, 'mean'))


def test_get_statistics_method__returns_the_method():
    assert get_statistics_method(HistoryBuffer, 'mean') is HistoryBuffer.mean


def test_allow_history_buffers__changes_nothing_the_second_time():
    before = torch.serialization.get_safe_globals()
    assert loads_history_buffer()
    assert allow_history_buffers() is None
    assert torch.serialization.get_safe_globals() == before


@pytest.fixture
def model():
    torch.manual_seed(0)
    return torch.nn.Linear(2, 3)


@pytest.fixture
def safetensors(tmp_path):
    path = tmp_path / 'model.safetensors'
    save_file(dict(weight=torch.ones(3, 2), bias=torch.arange(3.0)), path)
    return str(path)


class Wrapped(BaseModel):
    """A model of MMEngine around a layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, *_, **__):
        raise NotImplementedError


def make_runner(model, folder, load_from) -> Runner:
    return Runner(
        Wrapped(model),
        work_dir=str(folder),
        load_from=load_from,
        default_scope='mmengine',
        log_level='ERROR',
        experiment_name='load',
        cfg=dict(load_from=load_from),
    )


def test_load_checkpoint__reads_safetensors(model, safetensors):
    checkpoint = load_checkpoint(model, safetensors, strict=True)
    assert model.bias.tolist() == [0, 1, 2]
    assert checkpoint['state_dict'].keys() == {'weight', 'bias'}


def test_load_checkpoint__half_safetensors_fill_single(model, tmp_path):
    path = str(tmp_path / 'half.safetensors')
    save_file(dict(weight=torch.ones(3, 2).half(), bias=torch.ones(3)), path)
    load_checkpoint(model, path, map_location='cpu', strict=True)
    assert model.weight.dtype == torch.float32
    assert model.weight.sum() == 6


def test_load_from__runner_reads_safetensors(model, tmp_path):
    path = tmp_path / 'whole.safetensors'
    save_file(
        {'layer.weight': torch.ones(3, 2), 'layer.bias': torch.arange(3.0)},
        path,
    )
    runner = make_runner(model, tmp_path / 'work', str(path))
    runner.load_or_resume()
    assert model.bias.tolist() == [0, 1, 2]


def test_init_cfg__part_of_safetensors(model, tmp_path):
    path = tmp_path / 'whole.safetensors'
    save_file(
        {
            'part.layer.weight': torch.ones(3, 2),
            'part.layer.bias': torch.arange(3.0),
            'head': torch.ones(1),
        },
        path,
    )
    module = Wrapped(model)
    module.init_cfg = dict(
        type='Pretrained', checkpoint=str(path), prefix='part.'
    )
    module.init_weights()
    assert model.bias.tolist() == [0, 1, 2]


def test_load_checkpoint__missing_and_damaged_safetensors(model, tmp_path):
    path = tmp_path / 'model.safetensors'
    with pytest.raises(FileNotFoundError, match=f'{path} is not a file'):
        load_checkpoint(model, str(path))
    path.write_bytes(b'no weights')
    with pytest.raises(
        ValueError,
        match=r'model.safetensors is not a checkpoint. It is a text',
    ):
        load_checkpoint(model, str(path))


@pytest.mark.parametrize(
    'path',
    [
        'https://host/model.safetensors',
        's3://bucket/model.safetensors',
        'model.safetensors.pth',
    ],
)
def test_loader__other_addresses_keep_theirs(path):
    loader = CheckpointLoader._get_checkpoint_loader(path)
    assert loader is not load_from_safetensors


@pytest.mark.parametrize('suffix', ['.pth', '.pkl', '.safetensors'])
def test_load_from__code_is_refused_and_not_run(model, tmp_path, suffix):
    path = tmp_path / f'hostile{suffix}'
    command = Reduced(os.system, f'touch {tmp_path / "ran"}')
    torch.save(dict(state_dict={}, meta={}, hook=command), path)
    runner = make_runner(model, tmp_path / 'work', str(path))
    with pytest.raises(CheckpointFileError, match='it needs posix.system'):
        runner.load_or_resume()
    assert not (tmp_path / 'ran').exists()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve a folder; what is downloaded goes to another."""
    (tmp_path / 'served').mkdir()
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler,
        directory=str(tmp_path / 'served'),
    )
    with serve(handler) as address:
        yield address


def test_read_downloads_safely__code_is_refused(model, tmp_path, server):
    read_downloads_safely()
    command = Reduced(os.system, f'touch {tmp_path / "ran"}')
    torch.save(
        dict(state_dict={}, hook=command), tmp_path / 'served' / 'bad.pth'
    )
    with pytest.raises(pickle.UnpicklingError, match='system'):
        load_checkpoint(model, f'{server}/bad.pth')
    assert not (tmp_path / 'ran').exists()


def test_read_downloads_safely__weights_are_read(model, tmp_path, server):
    read_downloads_safely()
    assert read_downloads_safely() is None
    torch.save(
        dict(
            state_dict=dict(weight=torch.ones(3, 2), bias=torch.arange(3.0)),
            message_hub=HistoryBuffer([1.0], [1]),
        ),
        tmp_path / 'served' / 'good.pth',
    )
    load_checkpoint(model, f'{server}/good.pth')
    assert model.bias.tolist() == [0, 1, 2]
