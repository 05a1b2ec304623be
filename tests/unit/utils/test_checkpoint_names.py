# Copyright (c) clipbert_mm contributors.
"""Tests of the names of checkpoints."""

from pathlib import Path

import pytest

from clipbert_mm.utils.checkpoint_names import (
    TEMPLATES,
    check_start,
    checkpoint_folder,
    checkpoints_in,
    name_pattern,
)
from clipbert_mm.utils.resume_errors import ExistingCheckpointsError


@pytest.mark.parametrize(
    'template, name, number',
    [
        ('epoch_{}.pth', 'epoch_12.pth', '12'),
        ('epoch_{:04d}.pth', 'epoch_0012.pth', '0012'),
        ('{}', '7', '7'),
        ('a{{b}}_{}.pth', 'a{b}_3.pth', '3'),
        ('epoch_{}.pth', 'epoch_1xpth', None),
        ('epoch_{}.pth', 'epoch_-1.pth', None),
        ('epoch_{}.pth', 'epoch_1.pth.bak', None),
        ('epoch_{}.pth', 'best_acc_epoch_1.pth', None),
        ('epoch_{}.pth', 'epoch_\u0663.pth', None),
        ('epoch_{}.pth', 'epoch_1.pth\n', None),
    ],
)
def test_name_pattern(template: str, name: str, number: str | None):
    match = name_pattern(template).fullmatch(name)
    assert (match and match[1]) == number


@pytest.mark.parametrize(
    'work_dir, out_dir, folder',
    [
        ('/runs/a', None, '/runs/a'),
        ('/runs/a', '/runs/a', '/runs/a'),
        ('/runs/a', '/disk', '/disk/a'),
        ('/runs/a/', Path('/disk'), '/disk/a'),
    ],
)
def test_checkpoint_folder(work_dir: str, out_dir: object, folder: str):
    assert checkpoint_folder(work_dir, out_dir) == folder


def test_checkpoints_in__and_check_start(tmp_path: Path):
    folder = str(tmp_path)
    (tmp_path / 'notes_1.pth').write_bytes(b'')
    check_start(folder, TEMPLATES)
    check_start(str(tmp_path / 'notes_1.pth'), TEMPLATES)
    for name in ('epoch_2.pth', 'iter_9.pth', 'epoch_1.pth', 'epoch_3.pth'):
        (tmp_path / name).write_bytes(b'')
    assert checkpoints_in(folder, ['epoch_{}.pth']) == [
        f'{folder}/epoch_{number}.pth' for number in (1, 2, 3)
    ]
    with pytest.raises(
        ExistingCheckpointsError,
        match=r'holds 4 checkpoint\(s\) of an earlier run \(epoch_1.pth, '
        r'epoch_2.pth, epoch_3.pth, \.\.\.\)',
    ):
        check_start(folder, TEMPLATES)
