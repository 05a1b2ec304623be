# Copyright (c) clipbert_mm contributors.
"""Tests of finding the newest checkpoint."""

from pathlib import Path

import pytest
import torch

from clipbert_mm.utils.checkpoint_names import TEMPLATES
from clipbert_mm.utils.checkpoint_search import find_newest


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


@pytest.mark.parametrize(
    'times, newest',
    [
        ((None, None, None), 3),
        (('20250101_000003', '20250101_000002', '20250101_000001'), 1),
        (('20250101_000001', '20250101_000001', '20240101_000001'), 2),
        (('20250101_000001', 5, 'tomorrow'), 1),
    ],
)
def test_find_newest__by_time_then_by_epoch(
    tmp_path: Path, times: tuple, newest: int
):
    for epoch, time in enumerate(times, 1):
        save(tmp_path / f'epoch_{epoch}.pth', epoch, time)
    found = find_newest([str(tmp_path)], TEMPLATES)
    assert found.newest is not None
    assert (found.newest.epoch, found.newest.iteration) == (
        newest,
        10 * newest,
    )
    assert found.refused == {}


def test_find_newest__in_several_folders(tmp_path: Path):
    for number, name in enumerate(('a', 'b')):
        (tmp_path / name).mkdir()
        save(tmp_path / name / f'iter_{number}.pth', number)
    folders = [str(tmp_path / name) for name in ('a', 'b', 'none', 'a')]
    newest = find_newest(folders, TEMPLATES).newest
    assert newest is not None
    assert newest.path == str(tmp_path / 'b' / 'iter_1.pth')
