# Copyright (c) clipbert_mm contributors.
"""Tests of finding the weights of a model directory."""

import pytest
import torch
from huggingface_hub.errors import EntryNotFoundError
from safetensors.torch import save_file

from clipbert_mm.weights import load_model_directory, model_directory


def test_load_model_directory__safetensors_come_first(tmp_path):
    save_file({'a': torch.ones(1)}, tmp_path / 'model.safetensors')
    torch.save({'a': torch.zeros(1)}, tmp_path / 'pytorch_model.bin')
    assert load_model_directory(tmp_path)['a'] == 1
    assert load_model_directory(tmp_path / 'pytorch_model.bin')['a'] == 0


@pytest.mark.parametrize('name', ['nobody/no-such-tvp', './no/such/folder'])
def test_load_model_directory__without_network_says_what_to_pass(
    monkeypatch, name
):
    # Refuses every request at once; a dead network is asked several times.
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    with pytest.raises(
        OSError, match=f"'{name}' is neither.*pass the directory of a"
    ):
        load_model_directory(name)


def test_load_model_directory__name_of_the_hub(monkeypatch, tmp_path):
    asked = []

    def download(name, file_name):
        asked.append((name, file_name))
        if file_name == 'model.safetensors':
            raise EntryNotFoundError('there is no such file')
        torch.save({'a': torch.zeros(1)}, tmp_path / file_name)
        return str(tmp_path / file_name)

    monkeypatch.setattr(model_directory, 'hf_hub_download', download)
    assert list(load_model_directory('someone/tvp')) == ['a']
    assert asked == [
        ('someone/tvp', 'model.safetensors'),
        ('someone/tvp', 'pytorch_model.bin'),
    ]
