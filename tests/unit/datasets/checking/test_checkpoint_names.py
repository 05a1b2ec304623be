# Copyright (c) clipbert_mm contributors.
"""Tests of reading the names in checkpoints, on real files."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from clipbert_mm.datasets.checking.checkpoint_names import (
    examples,
    read_names,
)

TENSORS = {'fc.weight': torch.zeros(2), 'fc.bias': torch.zeros(2)}


def save(path: Path, content: Any) -> str:
    torch.save(content, path)
    return str(path)


def test_read__names_of_every_form(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / 'a.safetensors')
    wrapped = {f'module.{name}': value for name, value in TENSORS.items()}
    for path in (
        str(tmp_path / 'a.safetensors'),
        save(tmp_path / 'plain.pth', TENSORS),
        save(tmp_path / 'state.pth', dict(state_dict=wrapped, meta={})),
    ):
        names, reason = read_names(path)
        assert reason is None
        assert sorted(names or []) == sorted(TENSORS)


def test_read__old_format_of_torch(tmp_path: Path) -> None:
    path = tmp_path / 'old.pth'
    torch.save(TENSORS, path, _use_new_zipfile_serialization=False)
    names, reason = read_names(str(path))
    assert reason is None
    assert sorted(names or []) == sorted(TENSORS)


def test_read__addresses_are_for_later() -> None:
    assert read_names('https://a.org/b.pth') == (None, None)


@pytest.mark.parametrize(
    'content, message',
    [
        (b'<!DOCTYPE html><html></html>', 'is no checkpoint: it is a web pag'),
        (b'version https://git-lfs.github.com/spec/v1\n', 'a Git LFS pointer'),
        (b'PK\x03\x04 cut off', r"\.pth'"),
    ],
)
def test_read__what_is_no_checkpoint(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / 'a.pth'
    path.write_bytes(content)
    names, reason = read_names(str(path))
    assert names is None
    assert str(path) in str(reason)
    assert re.search(message, str(reason))


def test_read__missing_folder_or_no_tensors(tmp_path: Path) -> None:
    assert 'there is no file' in str(read_names(str(tmp_path / 'no.pth'))[1])
    assert 'is not a file' in str(read_names(str(tmp_path))[1])
    listed = save(tmp_path / 'list.pth', [torch.zeros(1)])
    assert 'expected tensors by name, but it holds list' in str(
        read_names(listed)[1]
    )


def test_examples__first_two() -> None:
    assert examples(['b']) == ['b']
