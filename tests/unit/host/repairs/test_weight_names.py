# Copyright (c) clipbert_mm contributors.
"""MMEngine loads the weights of any training program, or says why not."""

import logging

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.model import BaseModule
from mmengine.runner import load_checkpoint
from safetensors.torch import save_file
from torch import nn

from clipbert_mm.utils.checkpoint_file import CheckpointFileError
from clipbert_mm.utils.finite import NonFiniteError
from tests.toolbox.tiny_models import tiny_clipbert


class Part(BaseModule):
    """Part of a model that starts from a file."""

    def __init__(self, **init: object) -> None:
        super().__init__(dict(type='Pretrained', **init) if init else None)
        self.conv = nn.Conv2d(1, 1, 1)


def wrapped(state, prefix):
    return {f'{prefix}{name}': value for name, value in state.items()}


def save(content, path):
    torch.save(content, path)
    return str(path)


PREFIXES = ['', 'module.', '_orig_mod.', 'model.', 'module._orig_mod.model.']


@pytest.mark.parametrize('prefix', PREFIXES)
@pytest.mark.parametrize('key', ['state_dict', 'model', 'ema', None])
def test_load_checkpoint__whole_model(tmp_path, prefix, key, caplog):
    source = tiny_clipbert()
    target = tiny_clipbert()
    nn.init.zeros_(target.neck.conv.weight)
    state = wrapped(source.state_dict(), prefix)
    path = save({key: state} if key else state, tmp_path / 'a.pth')
    logger = MMLogger.get_instance('names')
    with caplog.at_level(logging.INFO, 'names'):
        logger.addHandler(caplog.handler)
        load_checkpoint(target, path, strict=True, logger=logger)
    assert torch.equal(target.neck.conv.weight, source.neck.conv.weight)
    number = len(source.state_dict())
    line = f'names of the checkpoint: {prefix!r} ({number} tensors)'
    assert (line in caplog.text) is bool(prefix)


@pytest.mark.parametrize('prefix', PREFIXES)
@pytest.mark.parametrize('part', [None, 'backbone', 'backbone.'])
def test_init_weights__part_of_a_file(tmp_path, prefix, part):
    source = Part()
    state = wrapped(source.state_dict(), 'backbone.' if part else '')
    state['backbone.other' if part else 'other'] = torch.ones(1)
    path = save(dict(model=wrapped(state, prefix)), tmp_path / 'a.pth')
    options = dict(prefix=part) if part else {}
    target = Part(checkpoint=path, **options)
    target.init_weights()
    assert torch.equal(target.conv.weight, source.conv.weight)


def test_init_weights__nothing_fits(tmp_path):
    path = save({'res.conv1.weight': torch.ones(1)}, tmp_path / 'a.pth')
    with pytest.raises(
        ValueError,
        match=r'None of the 1 weights of the checkpoint is one of Part\. It '
        r"names 'res.conv1.weight'; the model needs 'conv.weight', 'conv.bia",
    ):
        Part(checkpoint=path).init_weights()


def test_init_weights__no_such_prefix(tmp_path):
    path = save({'res.conv1.weight': torch.ones(1)}, tmp_path / 'a.pth')
    with pytest.raises(
        ValueError, match=r"None of the 1 weights of .*a.pth begins with 'x\.'"
    ):
        Part(checkpoint=path, prefix='x').init_weights()


@pytest.mark.parametrize('value', [torch.nan, torch.inf])
def test_load_checkpoint__not_finite(tmp_path, value):
    state = Part().state_dict()
    state['conv.weight'][0] = value
    save_file(state, tmp_path / 'a.safetensors')
    before = Part()
    kept = before.conv.weight.detach().clone()
    for path in (save(state, tmp_path / 'a.pth'), tmp_path / 'a.safetensors'):
        with pytest.raises(NonFiniteError, match='1 of 2 .*: conv.weight'):
            load_checkpoint(before, str(path))
    assert torch.equal(before.conv.weight, kept)


def test_load_checkpoint__unused_weights_may_be_infinite(tmp_path):
    state = Part().state_dict()
    state['attn_mask'] = torch.tensor([-torch.inf])
    load_checkpoint(Part(), save(state, tmp_path / 'a.pth'))


@pytest.mark.parametrize('page', [b'', b'<html>404</html>', b'PK\x03\x04'])
def test_load_checkpoint__something_else(tmp_path, page):
    path = tmp_path / 'a.pth'
    path.write_bytes(page)
    with pytest.raises(CheckpointFileError, match=f'{path} is not a') as error:
        load_checkpoint(Part(), str(path))
    assert 'weights_only' not in str(error.value)


def test_load_checkpoint__model_with_wrapped_parts(tmp_path):
    """As torch saves a model whose parts are parallel."""
    model = nn.Module()
    model.part = nn.DataParallel(Part())
    target = nn.Module()
    target.part = Part()
    path = save(model.state_dict(), tmp_path / 'a.pth')
    assert 'part.module.conv.weight' in torch.load(path)
    load_checkpoint(target, path, strict=True)
    assert torch.equal(target.part.conv.weight, model.part.module.conv.weight)
