# Copyright (c) clipbert_mm contributors.
"""Let MMEngine resume from the newest complete checkpoint of a folder.

MMEngine reads the path in ``last_checkpoint``. If that file is missing it
trains from scratch over the existing checkpoints; if it is empty, or the
checkpoint that it names is missing or damaged, it stops with an error,
although complete checkpoints lie next to it.
"""

import os
import os.path as osp

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from clipbert_mm.utils import processes
from clipbert_mm.utils.checkpoint_names import (
    TEMPLATES,
    checkpoint_folder,
)
from clipbert_mm.utils.checkpoint_position import (
    check_bytes,
    read_position,
)
from clipbert_mm.utils.checkpoint_search import Search, find_newest

# As a module: its own import of the host may have led here.
from clipbert_mm.utils.resume_errors import (
    ExistingCheckpointsError,
    NotResumableError,
)

_load_or_resume = Runner.load_or_resume


def resume_from_newest_checkpoint() -> str:
    """Let ``resume=True`` find the newest complete checkpoint by itself.

    Returns:
        str: Reason of the repair.

    Example:
        >>> resume_from_newest_checkpoint()
        'MMEngine resumes from what last_checkpoint names, or not at all'
    """
    Runner.load_or_resume = _load_or_resume_complete
    return 'MMEngine resumes from what last_checkpoint names, or not at all'


def continues_here(runner: Runner) -> bool:
    """Return whether a run continues one whose checkpoints it may replace.

    Args:
        runner (Runner): Runner of the training.

    Returns:
        bool: False for a run from scratch, and for one that was resumed from
        another folder.
    """
    return getattr(runner, '_continues_here', False)


def _load_or_resume_complete(runner: Runner) -> None:
    """Load or resume, from a checkpoint that is complete."""
    if runner._has_loaded or not runner._resume:
        _load_or_resume(runner)
    elif runner._load_from is not None:
        path = str(runner._load_from)
        if '://' not in path:
            processes.on_main(lambda: _check_chosen(path))
            folders = map(osp.realpath, _folders(runner))
            runner._continues_here = osp.dirname(osp.realpath(path)) in folders
        _load_or_resume(runner)
    elif any('://' in folder for folder in _folders(runner)):
        _load_or_resume(runner)  # not on a local disk
        runner._continues_here = True
    else:
        _resume_from_newest(runner)


def _check_chosen(path: str) -> None:
    """Raise unless a run can resume from the file that was asked for."""
    try:
        read_position(path)
        check_bytes(path)
    except NotResumableError as error:
        raise NotResumableError(
            f'cannot resume from {path}: {error}. --resume without a path '
            'takes the newest complete checkpoint of the work folder.'
        ) from error


def _resume_from_newest(runner: Runner) -> None:
    """Resume from the newest checkpoint, or start if there is none."""
    search = processes.on_main(lambda: _search(runner))
    for path, reason in search.refused.items():
        runner.logger.warning(f'Not resuming from {path}: {reason}.')
    if search.newest is None:
        _start_from_scratch(runner, search)
        return
    path, epoch, iteration, _ = search.newest
    runner.logger.info(
        f'Resuming from {path}, the newest complete checkpoint: {epoch} '
        f'epoch(s), {iteration} iteration(s).'
    )
    runner.resume(path)
    runner._continues_here = True
    runner._has_loaded = True


def _start_from_scratch(runner: Runner, search: Search) -> None:
    """Start a run that was to be resumed, unless that destroys something."""
    may_overwrite = any(hook.overwrite for hook in _hooks(runner))
    if search.refused and not may_overwrite:
        reasons = '\n'.join(f'{p}: {r}' for p, r in search.refused.items())
        raise ExistingCheckpointsError(
            f'cannot resume: no checkpoint in {runner.work_dir} is complete. '
            'Move them away, or start from scratch over them with --overwrite '
            f'(option overwrite=True of the CheckpointHook).\n{reasons}'
        )
    start = runner.cfg.get('first_load_from')
    runner.logger.warning(
        f'Nothing to resume in {runner.work_dir}: starting from epoch 1'
        + (f' with the weights of {start}.' if start else '.')
    )
    if start:
        runner.load_checkpoint(start)


def _search(runner: Runner) -> Search:
    """Search the folders of a run, then where last_checkpoint points."""
    templates = {hook.filename_tmpl for hook in _hooks(runner)}
    search = find_newest(_folders(runner), templates.union(TEMPLATES))
    named = _last_checkpoint(runner.work_dir)
    if search.newest is None and osp.isfile(named):
        try:
            position = read_position(named)
            check_bytes(named)
        except NotResumableError as error:
            search.refused[named] = str(error)
        else:
            search = search._replace(newest=position)
    newest = search.newest
    if newest and osp.realpath(named) != osp.realpath(newest.path):
        runner.logger.warning(
            f'{osp.join(runner.work_dir, "last_checkpoint")} '
            + (f'names {named!r:.200}' if named else 'is missing or empty')
            + f', but the newest complete checkpoint is {newest.path}.'
        )
    return search


def _last_checkpoint(work_dir: str) -> str:
    """Return the path in last_checkpoint, or ``''`` if it holds none."""
    name = osp.join(work_dir, 'last_checkpoint')
    if not osp.isfile(name):  # reading a pipe may never end
        return ''
    try:
        with open(name, 'rb') as file:
            content = file.read(4096).strip()
    except OSError:
        return ''
    path = os.fsdecode(content)
    is_path = path and path.isprintable() and '://' not in path
    return path if is_path else ''


def _folders(runner: Runner) -> list[str]:
    """Return the folders in which a run has its checkpoints."""
    return [runner.work_dir] + [
        checkpoint_folder(runner.work_dir, hook.out_dir)
        for hook in _hooks(runner)
    ]


def _hooks(runner: Runner) -> list[CheckpointHook]:
    """Return the hooks of a run that save checkpoints."""
    return [h for h in runner.hooks if isinstance(h, CheckpointHook)]
