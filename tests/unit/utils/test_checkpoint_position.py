# Copyright (c) clipbert_mm contributors.
"""Tests of reading where to continue, and of one flipped bit in a file."""

from pathlib import Path

import mmengine  # noqa: F401  (lets torch read its checkpoints)
import pytest
import torch

from clipbert_mm.utils.checkpoint_position import check_bytes, read_position
from clipbert_mm.utils.resume_errors import NotResumableError


def save(path: Path, epoch: int, time: object = None) -> Path:
    torch.save(
        dict(
            meta=dict(epoch=epoch, iter=10 * epoch, time=time),
            state_dict=dict(x=torch.arange(1000.0)),
            message_hub={},
        ),
        path,
    )
    return path


def test_check_bytes__finds_every_flipped_bit_of_a_tensor(tmp_path: Path):
    path = save(tmp_path / 'epoch_1.pth', 1)
    content = path.read_bytes()
    tensor = torch.arange(1000.0).numpy().tobytes()
    start = content.index(tensor)
    for offset in range(0, len(tensor), 499):
        damaged = bytearray(content)
        damaged[start + offset] ^= 1 << offset % 8
        path.write_bytes(damaged)
        assert read_position(str(path)).epoch == 1  # it looks right
        with pytest.raises(NotResumableError, match='the checksum of .*data'):
            check_bytes(str(path))


def test_check_bytes__finds_every_truncation(tmp_path: Path):
    path = save(tmp_path / 'epoch_1.pth', 1)
    content = path.read_bytes()
    for size in range(0, len(content), 97):
        path.write_bytes(content[:size])
        with pytest.raises(NotResumableError):
            read_position(str(path))


def test_read_position__old_format(tmp_path: Path):
    path = tmp_path / 'epoch_4.pth'
    torch.save(
        dict(meta=dict(epoch=4, iter=9), state_dict={}, message_hub={}),
        path,
        _use_new_zipfile_serialization=False,
    )
    assert read_position(str(path)).epoch == 4
    check_bytes(str(path))


@pytest.mark.parametrize(
    'change, reason',
    [
        (dict(state_dict=None), 'a dict as its state_dict, but got None'),
        (dict(state_dict=[1]), r'a dict as its state_dict, but got \[1\]'),
        (
            dict(meta=dict(epoch=3, iter=2)),
            'it says that 3 epochs ended after 2 iterations',
        ),
        (dict(message_hub=3), 'it has no message_hub'),
        (
            dict(message_hub=dict(log_scalars=3)),
            'a dict as its message_hub.log_scalars, but got 3',
        ),
        (dict(optimizer=None), 'a dict as its optimizer, but got None'),
        (
            dict(param_schedulers=[{}, 1]),
            'a dict as its param_schedulers.1, but got 1',
        ),
        (
            dict(param_schedulers=dict(a=[3])),
            'a dict as its param_schedulers.0, but got 3',
        ),
        (dict(param_schedulers=None), 'its param_schedulers.0, but got None'),
    ],
)
def test_read_position__parts_of_another_kind(
    change: dict, reason: str, tmp_path: Path
):
    path = save(tmp_path / 'epoch_1.pth', 1)
    content = torch.load(path)
    torch.save({**content, 'optimizer': {}, 'param_schedulers': [{}]}, path)
    assert read_position(str(path)).epoch == 1
    torch.save({**content, **change}, path)
    with pytest.raises(NotResumableError, match=reason):
        read_position(str(path))
