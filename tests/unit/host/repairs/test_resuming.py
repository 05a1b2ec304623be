# Copyright (c) clipbert_mm contributors.
"""Tests of which checkpoint a run resumes from."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from clipbert_mm.utils.resume_errors import (
    ExistingCheckpointsError,
    NotResumableError,
)
from tests.toolbox.tiny_training import tiny_runner, weights


@pytest.fixture(scope='module')
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run of three epochs."""
    folder = tmp_path_factory.mktemp('finished')
    tiny_runner(folder, 3).train()
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """Copy of the folder, in which last_checkpoint names the original."""
    folder = tmp_path / 'run'
    shutil.copytree(finished, folder)
    return folder


def log_of(folder: Path) -> str:
    return max(folder.glob('*/*.log')).read_text()


def resumed_epoch(folder: Path, **options: object) -> int:
    """Return the epoch that a run resumes from, without training on."""
    runner = tiny_runner(folder, 3, resume=True, **options)
    runner.train_loop  # noqa: B018  (built here)
    runner.load_or_resume()
    return runner.epoch


DAMAGES: dict[str, Callable[[Path], object]] = {
    'missing': lambda path: path.unlink(),
    'empty': lambda path: path.write_bytes(b''),
    'spaces': lambda path: path.write_bytes(b' \n'),
    'zeros': lambda path: path.write_bytes(bytes(64)),
    'rubbish': lambda path: path.write_bytes(bytes(range(256)) * 64),
    'half': lambda path: path.write_bytes(
        path.read_bytes()[: path.stat().st_size // 2]
    ),
    'long': lambda path: path.write_text('x' * 10**6),
    'folder': lambda path: (path.unlink(), path.mkdir()),
    'link to itself': lambda path: (path.unlink(), path.symlink_to(path)),
    'pipe': lambda path: (path.unlink(), os.mkfifo(path)),
}


@pytest.mark.parametrize('damage', DAMAGES)
def test_last_checkpoint__damaged(run: Path, damage: str):
    DAMAGES[damage](run / 'last_checkpoint')
    assert resumed_epoch(run) == 3


@pytest.mark.parametrize(
    'named',
    [
        '{old}/epoch_1.pth',
        '{old}',
        '{run}',
        '{run}/epoch_1.pth',
        '{run}/epoch_9.pth',
        'epoch_2.pth',
        'work_dirs/run/epoch_2.pth',
        '/none/epoch_3.pth',
        'https://example.invalid/epoch_3.pth',
        '{run}/epoch_3.pth\n{run}/epoch_1.pth',
    ],
)
def test_last_checkpoint__names_another(run: Path, finished: Path, named: str):
    (run / 'last_checkpoint').write_text(named.format(old=finished, run=run))
    assert resumed_epoch(run) == 3
    log = log_of(run)
    assert f'Resuming from {run}/epoch_3.pth, the newest complete' in log
    assert 'but the newest complete checkpoint is' in log


CHECKPOINT_DAMAGES = {
    **{
        name: (DAMAGES[name], reason)
        for name, reason in (
            ('empty', 'it is empty'),
            ('zeros', 'it holds zeros only'),
            ('rubbish', 'it is not a checkpoint'),
            ('half', 'its end is missing or damaged'),
            ('folder', 'it is not a file'),
            ('link to itself', 'it does not exist'),
        )
    },
    'page': (
        lambda path: path.write_text('\n<!DOCTYPE html><html></html>'),
        'it is a web page',
    ),
    'pointer': (
        lambda path: path.write_text(
            'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'
        ),
        'it is a Git LFS pointer',
    ),
    'a byte': (
        lambda path: path.write_bytes(
            path.read_bytes().replace(
                torch.load(path)['state_dict']['layer.weight']
                .numpy()
                .tobytes(),
                b'\x00' * 8,
            )
        ),
        'the checksum of',
    ),
    'weights': (
        lambda path: torch.save({'layer.weight': torch.ones(1)}, path),
        'it has no meta, so it holds weights alone',
    ),
    'epoch': (
        lambda path: torch.save(
            {**torch.load(path), 'meta': dict(epoch='9', iter=1)}, path
        ),
        "expected a number of steps as its epoch, but got '9'",
    ),
}


@pytest.mark.parametrize('damage', CHECKPOINT_DAMAGES)
def test_newest_checkpoint__damaged(run: Path, damage: str):
    change, reason = CHECKPOINT_DAMAGES[damage]
    change(run / 'epoch_3.pth')
    assert resumed_epoch(run) == 2
    assert f'Not resuming from {run}/epoch_3.pth: ' in log_of(run)
    assert reason in log_of(run)
    if damage != 'folder':  # which no file replaces
        tiny_runner(run, 3, resume=True).train()
        assert resumed_epoch(run) == 3


@pytest.mark.parametrize('damage', CHECKPOINT_DAMAGES)
def test_chosen_checkpoint__damaged(run: Path, damage: str):
    change, reason = CHECKPOINT_DAMAGES[damage]
    change(run / 'epoch_3.pth')
    with pytest.raises(
        NotResumableError,
        match=f'(?s)cannot resume from {run}/epoch_3.pth: .*{reason}.*'
        'without a path',
    ):
        resumed_epoch(run, load_from=f'{run}/epoch_3.pth')


def test_chosen_checkpoint__counts(run: Path):
    assert resumed_epoch(run, load_from=f'{run}/epoch_1.pth') == 1


def test_newest_checkpoint__of_the_line_that_was_trained_last(run: Path):
    for number in (1, 2, 3):  # as if the run had been a day earlier
        path = run / f'epoch_{number}.pth'
        content = torch.load(path)
        content['meta']['time'] = f'20200101_00000{number}'
        torch.save(content, path)
    back = dict(resume=True, load_from=f'{run}/epoch_1.pth')
    tiny_runner(run, 2, **back).train()
    assert resumed_epoch(run) == 2  # epoch_3.pth is of the run before


def test_every_checkpoint__damaged(run: Path):
    for path in run.glob('epoch_*.pth'):
        path.write_bytes(b'')
    (run / 'last_checkpoint').unlink()  # it names a complete one elsewhere
    with pytest.raises(
        ExistingCheckpointsError,
        match=r'(?s)no checkpoint in .* is complete.*--overwrite.*'
        'epoch_2.pth: it is empty',
    ):
        resumed_epoch(run)
    assert resumed_epoch(run, checkpoint=dict(overwrite=True)) == 0


def test_elsewhere__is_taken_where_the_folder_has_none(
    finished: Path, tmp_path: Path
):
    (tmp_path / 'last_checkpoint').write_text(str(finished / 'epoch_2.pth'))
    assert resumed_epoch(tmp_path) == 2


def test_nothing__starts_from_scratch(tmp_path: Path):
    runner = tiny_runner(tmp_path, 1, resume=True)
    runner.train()
    assert runner.epoch == 1
    assert (
        f'Nothing to resume in {tmp_path}: starting from epoch 1.'
        in log_of(tmp_path)
    )


@pytest.mark.slow
def test_out_dir__and_own_names(tmp_path: Path):
    options = dict(
        checkpoint=dict(
            out_dir=str(tmp_path / 'disk'), filename_tmpl='run-{:03d}.ckpt'
        )
    )
    work_dir = tmp_path / 'run'
    whole = tiny_runner(tmp_path / 'whole', 3)
    whole.train()
    tiny_runner(work_dir, 2, **options).train()
    saved = tmp_path / 'disk' / 'run' / 'run-002.ckpt'
    assert saved.exists()
    (work_dir / 'last_checkpoint').unlink()
    runner = tiny_runner(work_dir, 3, resume=True, **options)
    runner.train()
    assert runner.epoch == 3
    with pytest.raises(ExistingCheckpointsError):
        tiny_runner(work_dir, 3, **options).train()


def test_resumed_run__equals_one_that_never_stopped(tmp_path: Path):
    whole = tiny_runner(tmp_path / 'whole', 3)
    whole.train()
    part = tmp_path / 'part'
    shutil.copytree(tmp_path / 'whole', part)
    for number in (2, 3):
        (part / f'epoch_{number}.pth').unlink()
    runner = tiny_runner(part, 3, resume=True)
    runner.train()
    assert torch.equal(weights(runner), weights(whole))
