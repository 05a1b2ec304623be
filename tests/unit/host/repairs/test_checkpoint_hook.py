# Copyright (c) clipbert_mm contributors.
"""Tests of when a checkpoint is deleted, and which."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import mmengine.hooks
import pytest
import torch
from mmaction.registry import HOOKS as MMACTION_HOOKS
from mmengine.registry import HOOKS

from clipbert_mm.host.repairs.checkpoint_hook import CheckpointHook
from clipbert_mm.utils.resume_errors import ExistingCheckpointsError
from clipbert_mm.utils.whole_files import FileNotWrittenError
from tests.toolbox.tiny_training import tiny_runner

pytestmark = pytest.mark.slow  # trains

UP = [dict(acc=0.1), dict(acc=0.2), dict(acc=0.3)]


def checkpoints(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob('*.pth'))


def recorded(folder: Path) -> list[str]:
    return json.loads((folder / 'checkpoints.json').read_text())['written']


@pytest.mark.parametrize('name', ['CheckpointHook', 'mmengine.CheckpointHook'])
def test_registries__build_the_repaired_hook(name: str):
    for registry in (HOOKS, MMACTION_HOOKS):
        assert isinstance(registry.build(dict(type=name)), CheckpointHook)
    assert mmengine.hooks.CheckpointHook is CheckpointHook


class DiskError(OSError):
    """Error of a disk."""


def fail_at(runner, epoch: int):
    """Let the disk fail while the checkpoint of an epoch is written."""
    save = runner.save_checkpoint

    def save_or_fail(out_dir, filename, *args, **kwargs):
        if filename == f'epoch_{epoch}.pth':
            raise DiskError('gone')
        save(out_dir, filename, *args, **kwargs)

    runner.save_checkpoint = save_or_fail


def test_save__the_only_checkpoint_stays_until_the_next_is_whole(
    tmp_path: Path,
):
    runner = tiny_runner(tmp_path, 3, checkpoint=dict(max_keep_ckpts=1))
    fail_at(runner, 3)
    with pytest.raises(DiskError):
        runner.train()
    assert checkpoints(tmp_path) == ['epoch_2.pth']
    named = (tmp_path / 'last_checkpoint').read_text()
    assert named == str(tmp_path / 'epoch_2.pth')


def test_save__keeps_as_many_as_asked_also_when_resumed(tmp_path: Path):
    keep = dict(max_keep_ckpts=2)
    tiny_runner(tmp_path, 3, checkpoint=keep).train()
    assert checkpoints(tmp_path) == ['epoch_2.pth', 'epoch_3.pth']
    assert recorded(tmp_path) == ['epoch_2.pth', 'epoch_3.pth']
    tiny_runner(tmp_path, 4, checkpoint=keep, resume=True).train()
    assert checkpoints(tmp_path) == ['epoch_3.pth', 'epoch_4.pth']
    one = dict(max_keep_ckpts=1)
    tiny_runner(tmp_path, 5, checkpoint=one, resume=True).train()
    assert checkpoints(tmp_path) == ['epoch_5.pth']


def test_save__by_iteration(tmp_path: Path):
    keep = dict(max_keep_ckpts=2, by_epoch=False)
    tiny_runner(tmp_path, 1, checkpoint=keep).train()
    assert checkpoints(tmp_path) == ['iter_3.pth', 'iter_4.pth']


def test_save_best__the_previous_best_stays_until_the_next_is_whole(
    tmp_path: Path,
):
    best = dict(save_best='acc', rule='greater')
    runner = tiny_runner(tmp_path, 3, scores=UP, checkpoint=best)
    save = runner.save_checkpoint

    def save_or_fail(out_dir, filename, *args, **kwargs):
        if filename == 'best_acc_epoch_2.pth':
            raise DiskError('gone')
        save(out_dir, filename, *args, **kwargs)

    runner.save_checkpoint = save_or_fail
    with pytest.raises(DiskError):
        runner.train()
    assert 'best_acc_epoch_1.pth' in checkpoints(tmp_path)


@pytest.mark.parametrize('metric', ['acc', 'auto', ['acc', 't/R1']])
def test_save_best__one_for_each_metric_also_when_resumed(
    tmp_path: Path, metric: object
):
    options = dict(save_best=metric, rule='greater', max_keep_ckpts=1)
    scores = [dict(acc=0.1, **{'t/R1': 3}), dict(acc=0.2, **{'t/R1': 2})]
    tiny_runner(tmp_path, 2, scores=scores, checkpoint=options).train()
    others = ['best_t_R1_epoch_1.pth'] if isinstance(metric, list) else []
    assert checkpoints(tmp_path) == [
        'best_acc_epoch_2.pth',
        *others,
        'epoch_2.pth',
    ]
    more = [dict(acc=0.1, **{'t/R1': 4}), dict(acc=0.3, **{'t/R1': 1})]
    runner = tiny_runner(
        tmp_path, 4, scores=more, checkpoint=options, resume=True
    )
    runner.train()
    others = ['best_t_R1_epoch_3.pth'] if isinstance(metric, list) else []
    assert checkpoints(tmp_path) == [
        'best_acc_epoch_4.pth',
        *others,
        'epoch_4.pth',
    ]
    assert sorted(recorded(tmp_path)) == checkpoints(tmp_path)


def test_published_keys__without_a_best_checkpoint(tmp_path: Path):
    options = dict(
        save_best=['acc', 'other'],
        rule='greater',
        published_keys=['meta', 'state_dict'],
    )
    scores = [dict(acc=0.1, other=None)]
    tiny_runner(tmp_path, 1, scores=scores, checkpoint=options).train()
    assert len(list(tmp_path.glob('best_acc_epoch_1-????????.pth'))) == 1


def test_before_train__refuses_to_overwrite_a_run(tmp_path: Path):
    tiny_runner(tmp_path, 2).train()
    before = (tmp_path / 'epoch_1.pth').read_bytes()
    with pytest.raises(
        ExistingCheckpointsError,
        match=r'holds 2 checkpoint\(s\) of an earlier run \(epoch_1\.pth, '
        r'epoch_2\.pth\)\. Continue that run with --resume, start from '
        'scratch over it with --overwrite',
    ):
        tiny_runner(tmp_path, 2).train()
    assert (tmp_path / 'epoch_1.pth').read_bytes() == before
    tiny_runner(tmp_path, 1, checkpoint=dict(overwrite=True)).train()
    assert (tmp_path / 'epoch_1.pth').read_bytes() != before


def test_before_train__refuses_a_run_from_another_folder(tmp_path: Path):
    one, two = tmp_path / 'one', tmp_path / 'two'
    for folder in (one, two):
        tiny_runner(folder, 1).train()
    foreign = dict(resume=True, load_from=str(two / 'epoch_1.pth'))
    with pytest.raises(ExistingCheckpointsError):
        tiny_runner(one, 2, **foreign).train()
    tiny_runner(tmp_path / 'three', 2, **foreign).train()
    own = dict(resume=True, load_from=str(one / 'epoch_1.pth'))
    tiny_runner(one, 2, **own).train()


def test_before_train__removes_what_killed_runs_have_left(tmp_path: Path):
    left = tmp_path / '.0123456789abcdef.partial'
    left.write_bytes(b'half')
    other = tmp_path / '.notes.partial'
    other.write_bytes(b'mine')
    tiny_runner(tmp_path, 1).train()
    assert not left.exists()
    assert other.exists()


def test_save__full_disk_keeps_the_last_checkpoint(tmp_path: Path):
    disk = tmp_path / 'disk'
    disk.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(disk)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip('this user may not mount a disk')
    options = dict(max_keep_ckpts=1, out_dir=str(disk))
    work_dir, ballast = tmp_path / 'run', disk / 'ballast'
    try:
        tiny_runner(work_dir, 1, checkpoint=options).train()
        runner = tiny_runner(work_dir, 2, checkpoint=options, resume=True)
        free = shutil.disk_usage(disk).free
        ballast.write_bytes(bytes(free - 4096))
        with pytest.raises(FileNotWrittenError, match='No space left'):
            runner.train()
        assert checkpoints(disk / 'run') == ['epoch_1.pth']
        (log,) = Path(runner.log_dir).glob('*.log')
        assert (
            'epoch_2.pth was not saved. The checkpoints before it are '
            'untouched: --resume continues from the newest one.'
        ) in log.read_text()
        ballast.unlink()
        tiny_runner(work_dir, 2, checkpoint=options, resume=True).train()
        assert checkpoints(disk / 'run') == ['epoch_2.pth']
    finally:
        subprocess.run(['umount', str(disk)], check=True)


@pytest.mark.parametrize('killed', [1, 2, 3])
def test_resume__a_validation_that_was_interrupted_is_made_up_for(
    tmp_path: Path, killed: int
):
    scores = [dict(acc=score) for score in (0.5, 0.9, 0.7)]
    options = dict(save_best='acc', rule='greater', max_keep_ckpts=1)
    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    tiny_runner(whole, 3, scores=scores, checkpoint=options).train()
    first = scores[: killed - 1]
    runner = tiny_runner(resumed, 3, scores=first, checkpoint=options)
    with pytest.raises(StopIteration):  # there are no more scores
        runner.train()
    rest = scores[killed - 1 :]
    options = dict(checkpoint=options, resume=True)
    tiny_runner(resumed, 3, scores=rest, **options).train()
    assert checkpoints(resumed) == checkpoints(whole)
    tiny_runner(resumed, 3, scores=[], **options).train()  # all is done
    assert checkpoints(resumed) == checkpoints(whole)


def hostile(path: Path, target: Path, **info: object) -> Path:
    """Copy a checkpoint, with other words about files."""
    content = torch.load(path)
    content['message_hub']['runtime_info'].update(info)
    content['message_hub']['resumed_keys'].update(dict.fromkeys(info, True))
    torch.save(content, target)
    return target


def test_resume__a_stranger_decides_about_no_file(tmp_path: Path):
    run, outside = tmp_path / 'run', tmp_path / 'outside'
    options = dict(save_best='acc', rule='greater', max_keep_ckpts=1)
    tiny_runner(run, 1, scores=UP, checkpoint=options).train()
    (outside / 'folder').mkdir(parents=True)
    mine = [
        outside / 'file.txt',
        outside / 'folder' / 'file.txt',
        outside / 'epoch_1.pth',
        run / 'notes.txt',
        run / 'epoch_07.pth',  # the pattern of the run, but not written by it
        run / 'best_acc_epoch_9.pth',
    ]
    for path in mine:
        path.write_text('mine')
    original = outside / 'original'
    os.rename(run / 'epoch_1.pth', original)
    for number, victim in enumerate([*mine, outside / 'folder']):
        relative = os.path.relpath(victim, run)
        hostile(
            original,
            run / 'epoch_1.pth',
            best_ckpt=str(victim),
            best_ckpt_acc=str(victim),
            best_score=-1.0,
            last_ckpt=str(victim),
            keep_ckpt_ids=['7', 7, f'/../{relative}', relative, 1, 7],
        )
        scores = [dict(acc=number + 1.0)]
        runner = tiny_runner(
            run,
            2,
            scores=scores,
            checkpoint=dict(options, published_keys=['state_dict']),
            resume=True,
            load_from=str(run / 'epoch_1.pth'),
        )
        runner.train()
        assert all(path.read_text() == 'mine' for path in mine)
    assert {path.name for path in outside.iterdir()} == {
        'file.txt',
        'folder',
        'epoch_1.pth',
        'original',
    }


def test_resume__a_record_names_no_file_elsewhere(tmp_path: Path):
    run = tmp_path / 'run'
    tiny_runner(run, 1, checkpoint=dict(max_keep_ckpts=1)).train()
    outside = tmp_path / 'epoch_5.pth'
    notes = run / 'notes.txt'
    for path in (outside, notes):
        path.write_text('mine')
    names = ['../epoch_5.pth', str(outside), 'notes.txt', 5, None, '..', '']
    (run / 'checkpoints.json').write_text(json.dumps(dict(written=names)))
    tiny_runner(run, 3, checkpoint=dict(max_keep_ckpts=1), resume=True).train()
    assert outside.read_text() == notes.read_text() == 'mine'


@pytest.mark.parametrize(
    'name', ['last_checkpoint', 'checkpoints.json', 'epoch_1.pth']
)
@pytest.mark.parametrize('kind', ['folder', 'named pipe'])
def test_before_train__places_that_are_no_files(
    name: str, kind: str, tmp_path: Path
):
    tiny_runner(tmp_path, 1).train()
    (tmp_path / name).unlink()
    make = os.mkfifo if kind == 'named pipe' else os.mkdir
    make(tmp_path / name)
    runner = tiny_runner(tmp_path, 2, checkpoint=dict(overwrite=True))
    with pytest.raises(
        FileNotWrittenError, match=f'it is a {kind}; remove it: .*{name}'
    ):
        runner.train()
