# Copyright (c) clipbert_mm contributors.
"""Schedules and optimizer options of a config, at the step of a checkpoint."""

import copy
import warnings
from collections.abc import Mapping
from typing import Any

from mmengine.dist import get_world_size
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler
from mmengine.runner import EpochBasedTrainLoop, Runner

# What changes in a schedule during a run; all else is a setting.
_PROGRESS = (
    'optimizer',
    'last_step',
    '_global_step',
    '_last_value',
    'best',
    'num_bad_epochs',
    'cooldown_counter',
)

Values = dict[str, Any]


class FreshSchedule:
    """Schedules and options as the config says, before a checkpoint is read.

    Args:
        runner (Runner): Runner whose optimizer and schedules are built.

    Example:
        >>> fresh = FreshSchedule(runner)  # doctest: +SKIP
        >>> runner.resume('epoch_2.pth')  # doctest: +SKIP
        >>> fresh.restore(runner, message_hub)  # doctest: +SKIP
    """

    def __init__(self, runner: Runner) -> None:
        self.options = [
            {
                key: copy.deepcopy(group[key])
                for key in group
                if key != 'params'
            }
            for group in runner.optim_wrapper.param_groups
        ]
        self.schedules = [
            copy.deepcopy(schedule.state_dict())
            for schedule in schedules_of(runner)
        ]

    def restore(self, runner: Runner, message_hub: Mapping) -> None:
        """Undo what a checkpoint has changed, but its progress.

        If nothing in the config has changed, nothing is done: the state stays
        that of the checkpoint, bit for bit. Otherwise the schedules of the
        config run from their start to the current step.

        Args:
            runner (Runner): Runner that has just resumed.
            message_hub (Mapping): Record of the run in the checkpoint.
        """
        has_other_options = self._restore_options(runner)
        has_other_epochs = _fit_iterations(runner, message_hub)
        if has_other_options or has_other_epochs or self._differ(runner):
            self._replay(runner)

    def _restore_options(self, runner: Runner) -> bool:
        """Set the options that no schedule changes; return if any differed."""
        scheduled = _scheduled_options(runner)
        differ = False
        for group, fresh in zip(
            runner.optim_wrapper.param_groups, self.options, strict=False
        ):
            for key, value in fresh.items():
                if key not in scheduled and repr(group.get(key)) != repr(
                    value
                ):
                    group[key] = copy.deepcopy(value)
                    differ = True
        return differ

    def _differ(self, runner: Runner) -> bool:
        """Return whether schedules have other settings in the checkpoint."""
        return any(
            repr(_settings(fresh)) != repr(_settings(vars(schedule)))
            for fresh, schedule in zip(
                self.schedules, schedules_of(runner), strict=True
            )
        )

    def _replay(self, runner: Runner) -> None:
        """Run the schedules of the config to the current step."""
        schedules = schedules_of(runner)
        if not all(map(is_replayable, schedules)):
            # The rate depends on metrics of the past: it stays as it is.
            for schedule, fresh in zip(schedules, self.schedules, strict=True):
                vars(schedule).update(_settings(fresh))
            return
        scheduled = _scheduled_options(runner)
        for group, fresh in zip(
            runner.optim_wrapper.param_groups, self.options, strict=False
        ):
            group.update({k: fresh[k] for k in fresh if k in scheduled})
        for schedule, fresh in zip(schedules, self.schedules, strict=True):
            vars(schedule).update(copy.deepcopy(fresh), verbose=False)
        _run(schedules, runner)
        for schedule, fresh in zip(schedules, self.schedules, strict=True):
            schedule.verbose = fresh['verbose']


def schedules_of(runner: Runner) -> list[_ParamScheduler]:
    """Return the schedules of a runner that has built them.

    Args:
        runner (Runner): Runner with one optimizer.

    Returns:
        list[_ParamScheduler]: Its schedules; none if it has not built them.
    """
    schedules = runner.param_schedulers
    if not isinstance(schedules, list):
        return []
    return [s for s in schedules if isinstance(s, _ParamScheduler)]


def is_replayable(schedule: _ParamScheduler) -> bool:
    """Return whether a schedule depends on its step alone.

    Args:
        schedule (_ParamScheduler): Schedule of the runner.

    Returns:
        bool: False for one that waits for metrics.
    """
    return not getattr(schedule, 'need_val_args', False)


def run_settings(runner: Runner) -> Values:
    """Return the settings that decide how a run continues.

    Args:
        runner (Runner): Runner that is about to train, or is training.

    Returns:
        dict[str, Any]: Value of each setting by its name.
    """
    groups = getattr(runner.optim_wrapper, 'param_groups', [])
    rates = [group.get('initial_lr', group['lr']) for group in groups]
    return dict(
        epochs=runner.max_epochs,
        iterations=runner.max_iters,
        batch_size=getattr(runner.train_dataloader, 'batch_size', None),
        processes=get_world_size(),
        learning_rate=max(rates, default=None),
    )


def _settings(attributes: Mapping[str, Any]) -> Values:
    """Return the attributes of a schedule that its config decides."""
    return {
        key: attributes[key]
        for key in sorted(attributes)
        if key not in _PROGRESS and not callable(attributes[key])
    }


def _scheduled_options(runner: Runner) -> set[str]:
    """Return the names of the options that schedules change."""
    names = {schedule.param_name for schedule in schedules_of(runner)}
    return names | ({'betas'} if 'momentum' in names else set())


def _fit_iterations(runner: Runner, message_hub: Mapping) -> bool:
    """Count the finished epochs in iterations of the current length.

    Args:
        runner (Runner): Runner that has just resumed; its count is changed.
        message_hub (Mapping): Record of the run in the checkpoint.

    Returns:
        bool: Whether epochs had another length when the checkpoint was saved.
    """
    loop = runner.train_loop
    info = message_hub.get('runtime_info') or {}
    before, epochs = info.get('max_iters'), info.get('max_epochs')
    if (
        not isinstance(loop, EpochBasedTrainLoop)
        or type(before) is not int
        or type(epochs) is not int
        or epochs < 1
        or before == epochs * len(loop.dataloader)
    ):
        return False
    loop._iter = loop.epoch * len(loop.dataloader)
    return True


def _run(schedules: list[_ParamScheduler], runner: Runner) -> None:
    """Step schedules as often as ``ParamSchedulerHook`` would have."""
    loop = runner.train_loop
    is_by_epoch = isinstance(loop, EpochBasedTrainLoop)
    length = len(loop.dataloader) if is_by_epoch else 0
    with warnings.catch_warnings():
        # They expect steps of the optimizer in between.
        warnings.simplefilter('ignore')
        for iteration in range(1, runner.iter + 1):
            ends = (
                (False, True)
                if length and not iteration % length
                else (False,)
            )
            for by_epoch in ends:
                for schedule in schedules:
                    if schedule.by_epoch is by_epoch:
                        schedule.step()
