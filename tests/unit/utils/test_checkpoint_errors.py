# Copyright (c) clipbert_mm contributors.
"""Tests of what is said about files that are no checkpoints."""

import io
import zipfile
from pathlib import Path

import pytest
import torch

from clipbert_mm.utils.checkpoint_errors import (
    explain_checkpoint,
    is_safetensors,
)


def explained(folder: Path, content: bytes, error: str = '') -> str:
    """Return the message about a file, without its path."""
    path = folder / 'a.pth'
    path.write_bytes(content)
    message = explain_checkpoint(path, error)
    assert message.startswith(f'{path} ')
    return message.removeprefix(f'{path} ')


def archive(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as written:
        for name, text in members.items():
            written.writestr(name.replace('__', '/'), text)
    return file.getvalue()


def checkpoint() -> bytes:
    file = io.BytesIO()
    torch.save(dict(weight=torch.zeros(2)), file)
    return file.getvalue()


@pytest.mark.parametrize(
    'content, description',
    [
        (b'', 'empty'),
        (b'<!DOCTYPE html><html></html>', 'a web page'),
        (b'version https://git-lfs.github.com/spec/v1\noid x', 'Git LFS'),
    ],
)
def test_explain__other_kinds_of_files(
    content: bytes, description: str, tmp_path: Path
) -> None:
    message = explained(tmp_path, content)
    assert message.startswith('is not a checkpoint. It is ')
    assert description in message


def test_explain__archives_of_something_else(tmp_path: Path) -> None:
    members = dict(a='', b='', c='', d='')
    assert explained(tmp_path, archive(**members)) == (
        "is not a checkpoint. It is a ZIP archive of 'a', 'b', 'c'; unpack "
        'it and pass the checkpoint that it may contain.'
    )
    assert 'It is a TorchScript model; save its state_dict()' in explained(
        tmp_path, archive(**{'m__constants.pkl': '', 'm__data.pkl': ''})
    )


def test_explain__a_checkpoint_that_was_cut(tmp_path: Path) -> None:
    whole = checkpoint()
    assert explained(tmp_path, whole[: len(whole) // 2]).startswith(
        'is not a checkpoint. It is a truncated ZIP archive, which is what a '
        'copy or download that stopped leaves of a checkpoint'
    )


def test_explain__code_in_a_checkpoint(tmp_path: Path) -> None:
    message = explained(
        tmp_path,
        checkpoint(),
        'Weights only load failed. ... Unsupported global: GLOBAL os.system '
        'was not an allowed global by default.',
    )
    assert message == (
        'does not hold tensors alone: it needs os.system. Reading it could '
        'run code of whoever made the file. If you trust it, load it yourself '
        'with the program that wrote it, and save only its state dict with '
        'torch.save.'
    )


@pytest.mark.parametrize(
    'error, reason',
    [
        ('broken header.\nmore', 'broken header'),
        ('', 'unexpected end of file'),
        ('set weights_only=False to load it', 'it is no pickle of tensors'),
        (
            'weights_only failed ... WeightsUnpickler error: \nno frame',
            'no frame',
        ),
    ],
)
def test_explain__reason_without_advice(
    error: str, reason: str, tmp_path: Path
) -> None:
    assert explained(tmp_path, b'\x80\x02' + bytes(30), error) == (
        f'is damaged or not a checkpoint: {reason}. Copy or download it again.'
    )


def test_is_safetensors__length_and_header() -> None:
    header = b'{"a":1}'
    assert is_safetensors(len(header).to_bytes(8, 'little') + header)
    assert not is_safetensors(checkpoint())
    assert not is_safetensors(bytes(4) + b'\x01' + bytes(3) + header)
    assert not is_safetensors(b'')
