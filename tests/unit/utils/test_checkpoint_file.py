# Copyright (c) clipbert_mm contributors.
"""Tests of reading checkpoint files without running their code."""

import os
import pickle
import random
import re
import traceback
import warnings
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from clipbert_mm.weights import (
    CheckpointFileError,
    load_checkpoint_file,
    save_checkpoint_file,
)


class Harmful:
    """Makes a directory when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


class Setting:
    """Stands for an object of a training program."""


def write_pickle(path, content, protocol=4):
    with path.open('wb') as file:
        pickle.dump(content, file, protocol=protocol)


@pytest.mark.parametrize(
    'wrapper', [None, 'state_dict', 'model', 'model_state_dict']
)
def test_load_checkpoint_file__weights_bare_or_wrapped(tmp_path, wrapper):
    weights = OrderedDict(fc=torch.arange(3.0))
    content = weights if wrapper is None else {wrapper: weights, 'epoch': 3}
    torch.save(content, tmp_path / 'model.pt')
    state = load_checkpoint_file(tmp_path / 'model.pt')
    assert list(state) == ['fc']
    assert torch.equal(state['fc'], torch.arange(3.0))


def test_load_checkpoint_file__file_of_old_torch(tmp_path):
    path = tmp_path / 'model.pth'
    torch.save(
        {'fc': torch.arange(3.0)}, path, _use_new_zipfile_serialization=False
    )
    assert torch.equal(
        load_checkpoint_file(str(path))['fc'], torch.arange(3.0)
    )


def test_load_checkpoint_file__safetensors(tmp_path):
    save_file({'fc': torch.arange(3.0)}, tmp_path / 'model.safetensors')
    state = load_checkpoint_file(tmp_path / 'model.safetensors')
    assert torch.equal(state['fc'], torch.arange(3.0))


@pytest.mark.parametrize('protocol', [2, 4, 5])
def test_load_checkpoint_file__pickle_of_arrays(tmp_path, protocol):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    content = {'model': {'fc': array}, '__author__': 'someone'}
    write_pickle(tmp_path / 'model.pkl', content, protocol)
    state = load_checkpoint_file(tmp_path / 'model.pkl')
    assert torch.equal(state['fc'], torch.arange(6.0).view(2, 3))


def test_load_checkpoint_file__pickle_of_old_numpy(tmp_path):
    # NumPy 1 writes the name numpy.core, which protocol 2 stores as text.
    content = pickle.dumps({'model': {'fc': np.arange(3.0)}}, protocol=2)
    assert b'numpy._core.multiarray' in content
    path = tmp_path / 'model.pkl'
    path.write_bytes(
        content.replace(b'numpy._core.multiarray', b'numpy.core.multiarray')
    )
    assert load_checkpoint_file(path)['fc'].tolist() == [0, 1, 2]


@pytest.mark.parametrize('suffix', ['.pkl', '.pth'])
def test_load_checkpoint_file__code_is_refused_and_not_run(tmp_path, suffix):
    path, target = tmp_path / f'model{suffix}', tmp_path / 'made'
    content = {'model': {'fc': Harmful(target)}}
    if suffix == '.pkl':
        write_pickle(path, content)
    else:
        torch.save(content, path)
    with pytest.raises(CheckpointFileError, match='it needs .*mkdir'):
        load_checkpoint_file(path)
    assert not target.exists()


def test_load_checkpoint_file__object_of_a_program_is_named(tmp_path):
    torch.save({'model': {}, 'cfg': Setting()}, tmp_path / 'model.pth')
    with pytest.raises(CheckpointFileError, match='it needs .*Setting'):
        load_checkpoint_file(tmp_path / 'model.pth')


PAGE = b'<!DOCTYPE html><html><title>404</title></html>'
POINTER = b'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n'


@pytest.mark.parametrize('suffix', ['.pkl', '.pth', '.bin', '.safetensors'])
@pytest.mark.parametrize(
    'content, described',
    [
        (b'', 'empty; copy'),
        (bytes(5000), 'all zeros at its start'),
        (PAGE, 'a web page; the download has failed'),
        (POINTER, 'a Git LFS pointer; run `git lfs pull`'),
        (b'no checkpoint at all', r"a text file \('no checkpoint at all'\)"),
        (b'\x89PNG\r\n\x1a\n\0', 'a PNG image'),
    ],
)
def test_load_checkpoint_file__something_else(
    tmp_path, suffix, content, described
):
    path = tmp_path / f'model{suffix}'
    path.write_bytes(content)
    with pytest.raises(
        CheckpointFileError, match=f'{path} is not a checkpoint. It is '
    ) as caught:
        load_checkpoint_file(path)
    assert re.search(described, str(caught.value))
    assert 'weights_only' not in ''.join(
        traceback.format_exception(caught.value)
    )


def test_load_checkpoint_file__archive_of_something_else(tmp_path):
    path = tmp_path / 'model.pth'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('weights/epoch_1.pth', b'')
    with pytest.raises(
        CheckpointFileError, match="ZIP archive of 'weights/epoch_1.pth'"
    ):
        load_checkpoint_file(path)


def test_load_checkpoint_file__torchscript(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # PyTorch advises its successors
        torch.jit.script(torch.nn.Linear(1, 1)).save(tmp_path / 'model.pth')
    with pytest.raises(CheckpointFileError, match='a TorchScript model; save'):
        load_checkpoint_file(tmp_path / 'model.pth')


def written_forms(tmp_path):
    """Bytes of a checkpoint in each form, with the suffix of its reader."""
    weights = {'fc': torch.zeros(100)}
    torch.save(weights, tmp_path / 'new')
    torch.save(weights, tmp_path / 'old', _use_new_zipfile_serialization=False)
    save_file(weights, tmp_path / 'tensors')
    write_pickle(tmp_path / 'arrays', {'model': {'fc': np.zeros(100)}})
    suffixes = dict(new='.pth', old='.pth', tensors='.pth', arrays='.pkl')
    return [
        (name, (tmp_path / name).read_bytes(), suffix)
        for name, suffix in suffixes.items()
    ]


def test_load_checkpoint_file__suffix_of_another_form(tmp_path):
    for name, content, _ in written_forms(tmp_path)[:3]:
        for suffix in ('.pth', '.safetensors', '.bin'):
            path = tmp_path / f'{name}{suffix}'
            path.write_bytes(content)
            assert load_checkpoint_file(path)['fc'].shape == (100,)


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:Detected pickle protocol')
def test_load_checkpoint_file__damage_is_always_the_same_error(tmp_path):
    rng = random.Random(0)
    messages = []
    for name, content, suffix in written_forms(tmp_path):
        path = tmp_path / f'damaged_{name}{suffix}'
        for attempt in range(100):
            damaged = bytearray(content)
            for _ in range(rng.randint(1, 8)):
                place = rng.randrange(min(len(damaged), 700))
                damaged[place] = rng.randrange(256)
            if attempt % 3 == 0:
                damaged = damaged[: rng.randrange(len(damaged))]
            path.write_bytes(damaged)
            try:
                load_checkpoint_file(path)
            except CheckpointFileError as error:
                messages.append(str(error))
    assert len(messages) > 150
    assert all(str(tmp_path / 'damaged_') in text for text in messages)
    assert not any('weights_only' in text for text in messages)


@pytest.mark.parametrize('length', [10, 1000])
def test_load_checkpoint_file__truncated_file(tmp_path, length):
    path = tmp_path / 'model.pth'
    torch.save({'fc': torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CheckpointFileError, match='a truncated ZIP archive'):
        load_checkpoint_file(path)


@pytest.mark.parametrize(
    'content',
    [
        dict(model=dict(state_dict=dict(fc=torch.ones(2))), epoch=1),
        dict(module=dict(fc=torch.ones(2)), global_steps=3),
        dict(state_dict=dict(fc=torch.ones(2)), ema=dict(fc=torch.zeros(2))),
        dict(ema=dict(state_dict=dict(fc=torch.ones(2)))),
        dict(state_dict_ema=dict(fc=torch.ones(2)), optimizer=dict(lr=1)),
    ],
)
def test_find_weights__wrapped(tmp_path, content):
    torch.save(content, tmp_path / 'model.pth')
    state = load_checkpoint_file(tmp_path / 'model.pth')
    assert state['fc'].tolist() == [1, 1]


def test_load_checkpoint_file__no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.pth is not a file'):
        load_checkpoint_file(tmp_path / 'absent.pth')


@pytest.mark.parametrize('content', [[1, 2], {}, {'model': {'fc': 'text'}}])
def test_load_checkpoint_file__no_weights_inside(tmp_path, content):
    torch.save(content, tmp_path / 'model.pth')
    with pytest.raises(CheckpointFileError, match='expected'):
        load_checkpoint_file(tmp_path / 'model.pth')


def test_load_checkpoint_file__array_of_objects_is_refused(tmp_path):
    array = np.array([None, 'text'], dtype=object)
    write_pickle(tmp_path / 'model.pkl', {'model': {'fc': array}})
    with pytest.raises(CheckpointFileError, match="tensor for 'fc'"):
        load_checkpoint_file(tmp_path / 'model.pkl')


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
@pytest.mark.parametrize('meta', [None, dict(version='1', sizes=dict(a=2))])
def test_save_checkpoint_file__is_read_back(tmp_path, suffix, meta):
    path = tmp_path / 'new' / f'model{suffix}'
    whole = torch.arange(1000.0).view(10, 100)
    # A view of a larger tensor, another layout, and shared memory.
    tensors = dict(a=whole[0], b=whole.t()[:2], c=whole[0])
    save_checkpoint_file(tensors, path, meta)
    state = load_checkpoint_file(path)
    assert state.keys() == tensors.keys()
    assert all(torch.equal(state[name], tensors[name]) for name in state)
    assert path.stat().st_size < whole.nbytes
    (tmp_path / 'plain').touch()
    assert path.stat().st_mode == (tmp_path / 'plain').stat().st_mode


def test_save_checkpoint_file__meta(tmp_path):
    meta = dict(version='1', sizes=dict(a=2))
    save_checkpoint_file({}, tmp_path / 'a.pth', meta)
    assert torch.load(tmp_path / 'a.pth') == dict(meta=meta, state_dict={})
    save_checkpoint_file({}, tmp_path / 'a.safetensors', meta)
    with safe_open(tmp_path / 'a.safetensors', 'pt') as file:
        assert file.metadata() == dict(
            version='1', sizes='{"a": 2}', format='pt'
        )
