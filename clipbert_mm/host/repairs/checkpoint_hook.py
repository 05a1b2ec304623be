# Copyright (c) clipbert_mm contributors.
"""Let MMEngine's ``CheckpointHook`` delete a checkpoint after the next one.

MMEngine deletes the oldest checkpoint, then writes the new one. With
``max_keep_ckpts=1`` a run that is killed in between has lost everything. It
also deletes whatever the checkpoint of a resumed run names: ``best_ckpt`` and
``keep_ckpt_ids`` may come from another folder, or from a stranger.
"""

import errno
import os.path as osp
import re
from collections import deque
from pathlib import Path
from typing import Any

import mmengine.hooks
from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook as HostCheckpointHook
from mmengine.registry import HOOKS
from mmengine.runner import EpochBasedTrainLoop, Runner

# As a module: its own import of the host may have led here.
from clipbert_mm.utils import processes
from clipbert_mm.utils.checkpoint_ledger import CheckpointLedger
from clipbert_mm.utils.checkpoint_names import (
    check_start,
    checkpoints_in,
    name_pattern,
)
from clipbert_mm.utils.special_files import special_kind
from clipbert_mm.utils.whole_files import (
    FileNotWrittenError,
    leftovers,
    write_whole,
)

from .resumed_schedule import run_settings
from .resuming import continues_here

# What a checkpoint says about files: not believed, but replaced.
_CLAIMS = re.compile(r'best_ckpt(_.*)?|keep_ckpt_ids|last_ckpt', re.DOTALL)


def delete_after_writing() -> str:
    """Put our ``CheckpointHook`` where MMEngine has its own.

    Configs get it by the name ``CheckpointHook``, in any scope, and code that
    imports it from ``mmengine.hooks``.

    Returns:
        str: Reason of the repair.

    Example:
        >>> delete_after_writing()
        'MMEngine deletes checkpoints before the next one is written'
    """
    HOOKS.register_module(
        name='CheckpointHook', force=True, module=CheckpointHook
    )
    mmengine.hooks.CheckpointHook = CheckpointHook
    return 'MMEngine deletes checkpoints before the next one is written'


class CheckpointHook(HostCheckpointHook):
    """MMEngine's ``CheckpointHook`` that loses and deletes no other's file.

    A checkpoint is deleted once the next one is complete, and only if a run
    wrote it to this folder
    (:class:`~clipbert_mm.utils.checkpoint_ledger.CheckpointLedger`). A run
    from scratch does not overwrite the checkpoints of another.

    Args:
        *args (Any): Arguments of MMEngine's hook.
        overwrite (bool): Whether a run from scratch may overwrite existing
            checkpoints. Defaults to False.
        **kwargs (Any): Keyword arguments of MMEngine's hook.

    Example:
        >>> default_hooks = dict(checkpoint=dict(
        ...     type='CheckpointHook', interval=1, max_keep_ckpts=1))
    """

    def __init__(
        self, *args: Any, overwrite: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.overwrite = overwrite
        self.ledger = CheckpointLedger(None)

    def before_train(self, runner: Runner) -> None:
        """Find out what the runs before have written to the folder.

        Args:
            runner (Runner): Runner of the training.

        Raises:
            ExistingCheckpointsError: If checkpoints would be overwritten.
            FileNotWrittenError: If the folder cannot be written to.
        """
        info = runner.message_hub.runtime_info
        for key in [key for key in info if _CLAIMS.fullmatch(key)]:
            runner.message_hub.pop_info(key)
        super().before_train(runner)
        processes.on_main(lambda: self._open_folder(runner))
        if self.max_keep_ckpts > 0:
            self.keep_ckpt_ids = deque(self._kept_steps())
        if self.save_best is not None:
            self._set_best({key: self._best_path(key) for key in self._keys()})
            self._make_up_for_validation(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict) -> None:
        """Save the best checkpoint, and note that the epoch is validated.

        Args:
            runner (Runner): Runner of the training.
            metrics (dict): Metrics of the validation.
        """
        super().after_val_epoch(runner, metrics)
        if self.save_best is not None and self.by_epoch and is_main_process():
            self.ledger.note_validation(runner.epoch)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note the settings of the run, and keep what can be read again.

        ``OneCycleLR`` of MMEngine stores a function, with which PyTorch
        refuses to read the file. A schedule that is built has it anyway.

        Args:
            runner (Runner): Runner of the training.
            checkpoint (dict): Content of the checkpoint; it is changed.
        """
        checkpoint['meta']['settings'] = run_settings(runner)
        schedules = checkpoint.get('param_schedulers')
        if isinstance(schedules, list):
            checkpoint['param_schedulers'] = [
                {k: v for k, v in state.items() if not callable(v)}
                for state in schedules
            ]

    def _open_folder(self, runner: Runner) -> None:
        """Read the record, and refuse a folder that cannot be used."""
        is_local = isinstance(self.file_backend, LocalBackend)
        self.ledger = CheckpointLedger(self.out_dir if is_local else None)
        if not is_local:
            return
        if not self.overwrite and not continues_here(runner):
            check_start(self.out_dir, [self.filename_tmpl])
        if osp.isdir(self.out_dir):
            for path in leftovers(self.out_dir):
                runner.logger.info(f'Removing {path}, which is incomplete.')
        self._check_places(runner)
        self.ledger.save()  # removes them, or fails before a day of training

    def _check_places(self, runner: Runner) -> None:
        """Raise if something lies where the run will write a file."""
        assert self.ledger.path is not None
        places = [Path(runner.work_dir, 'last_checkpoint'), self.ledger.path]
        if isinstance(runner, Runner):  # DeepSpeed's are folders
            found = checkpoints_in(self.out_dir, [self.filename_tmpl])
            places += map(Path, found)
        for path in places:
            kind = special_kind(path.stat()) if path.exists() else None
            if kind is not None:
                raise FileNotWrittenError(
                    errno.EEXIST,
                    f'expected a file, but it is {kind}; remove it',
                    str(path),
                )

    def _make_up_for_validation(self, runner: Runner) -> None:
        """Validate the epoch that a run was killed in the validation of."""
        if not (continues_here(runner) and validates_now(runner)):
            return
        ledger = self.ledger
        if processes.on_main(
            lambda: ledger.path is None or ledger.validated >= runner.epoch
        ):
            return
        runner.logger.info(
            f'Validating epoch {runner.epoch}, which the run before has not.'
        )
        name = self.filename_tmpl.format(runner.epoch)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.val_loop.run()

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        """Save a checkpoint, then delete the ones that are not to be kept."""
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        outdated = self._keep(runner, step)
        if is_main_process():
            self.ledger.add(name)
        try:
            runner.save_checkpoint(
                self.out_dir,
                name,
                self.file_client_args,
                save_optimizer=self.save_optimizer,
                save_param_scheduler=self.save_param_scheduler,
                meta=meta,
                by_epoch=self.by_epoch,
                backend_args=self.backend_args,
                **self.args,
            )
        except OSError:
            runner.logger.error(
                f'{self.last_ckpt} was not saved. The checkpoints before it '
                'are untouched: --resume continues from the newest one.'
            )
            raise
        if is_main_process():
            write_whole(
                osp.join(runner.work_dir, 'last_checkpoint'),
                self.last_ckpt,
            )
            for old in outdated:
                self._delete(runner, self.filename_tmpl.format(old))

    def _keep(self, runner: Runner, step: int) -> list[int]:
        """Add a step to those that are kept; return those that are not."""
        if self.max_keep_ckpts <= 0:
            return []
        steps = [kept for kept in self.keep_ckpt_ids if kept != step] + [step]
        kept = steps[-self.max_keep_ckpts :]
        self.keep_ckpt_ids = deque(kept)
        runner.message_hub.update_info('keep_ckpt_ids', kept)
        return steps[: -self.max_keep_ckpts]

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """Save the best checkpoint, then delete the previous best one."""
        if not self.save_best:
            return
        # MMEngine deletes the previous one, if it knows it, before it saves.
        self._set_best(dict.fromkeys(self._keys()))
        self._announce_best(runner, metrics)
        super()._save_best_checkpoint(runner, metrics)
        saved = self._get_best()
        for key, path in saved.items():
            # Of the recorded names the last is the one that was announced.
            names = self._best_names(key)
            for name in names[-1:] if path is None else names[:-1]:
                self._delete(runner, name)
        self._set_best(
            {key: saved[key] or self._best_path(key) for key in self._keys()}
        )

    def _announce_best(self, runner: Runner, metrics: dict) -> None:
        """Enter the names of the files that may be written now."""
        if is_main_process():
            step = runner.epoch if self.by_epoch else runner.iter
            for key in self._keys():
                key = next(iter(metrics)) if key == 'auto' else key
                self.ledger.add(self._best_template(key).format(step))

    def _publish_model(self, runner: Runner, ckpt_path: str | None) -> None:
        """Publish a checkpoint, if there is one."""
        if ckpt_path is not None:  # a metric that was never reported
            super()._publish_model(runner, ckpt_path)

    def _delete(self, runner: Runner, name: str) -> None:
        """Delete a checkpoint that a run has written to the folder."""
        path = self.file_backend.join_path(self.out_dir, name)
        try:
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)
            elif self.file_backend.isdir(path):
                self.file_backend.rmtree(path)  # written by DeepSpeed
        except OSError as error:
            runner.logger.warning(f'Cannot delete {path}: {error}')
            return
        self.ledger.remove(name)

    def _kept_steps(self) -> list[int]:
        """Return the steps of the checkpoints in the record."""
        pattern = name_pattern(self.filename_tmpl)
        matches = map(pattern.fullmatch, self._recorded())
        return [int(match[1]) for match in matches if match]

    def _recorded(self) -> list[str]:
        """Return the record, which only the main process reads."""
        return self.ledger.names if is_main_process() else []

    def _best_names(self, key: str) -> list[str]:
        """Return the best checkpoints by a metric in the record."""
        pattern = name_pattern(self._best_template(key))
        return [n for n in self._recorded() if pattern.fullmatch(n)]

    def _best_template(self, key: str) -> str:
        """Return the template of the names of the best checkpoints."""
        key = key.replace('{', '{{').replace('}', '}}')
        return f'best_{key}_{self.filename_tmpl}'.replace('/', '_')

    def _best_path(self, key: str) -> str | None:
        """Return the path of the best checkpoint by a metric, if any."""
        for name in reversed(self._best_names(key)):
            path = self.file_backend.join_path(self.out_dir, name)
            if self.file_backend.exists(path):
                return path
        return None

    def _keys(self) -> list[str]:
        """Return the metrics by which a best checkpoint is kept."""
        return list(self.key_indicators)

    def _get_best(self) -> dict[str, str | None]:
        """Return the path of the best checkpoint by each metric."""
        if len(self.key_indicators) == 1:
            return {self.key_indicators[0]: self.best_ckpt_path}
        return {key: self.best_ckpt_path_dict.get(key) for key in self._keys()}

    def _set_best(self, paths: dict[str, str | None]) -> None:
        """Set the path of the best checkpoint by each metric."""
        if len(self.key_indicators) == 1:
            (self.best_ckpt_path,) = paths.values()
        else:
            self.best_ckpt_path_dict = dict(paths)


def validates_now(runner: Runner) -> bool:
    """Return whether a training by epochs validates the current epoch.

    Args:
        runner (Runner): Runner of the training.

    Returns:
        bool: False before the first epoch, and for other loops.

    Example:
        >>> validates_now(runner)  # doctest: +SKIP
        True
    """
    loop = runner.train_loop
    if not isinstance(loop, EpochBasedTrainLoop) or runner.val_loop is None:
        return False
    loop._decide_current_val_interval()
    epoch = runner.epoch
    return 0 < epoch >= loop.val_begin and (
        epoch % loop.val_interval == 0 or epoch == loop.max_epochs
    )
