# Copyright (c) clipbert_mm contributors.
"""Let a resumed run of MMEngine follow its config, and believe data only.

MMEngine overwrites the learning rate, the other options of the optimizer and
the totals of every schedule with those in the checkpoint. A run that is
resumed for more epochs, or with other batches, follows the old schedule to
its end and then trains with a rate of 0. It also runs the config in the
checkpoint as Python, if its maker called it ``config``.
"""

import logging
from collections.abc import Callable, MutableMapping
from typing import Any

from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

from clipbert_mm.utils.checkpoint_position import (
    check_position,
)
from clipbert_mm.utils.finite import NonFiniteError
from clipbert_mm.utils.resume_errors import NotResumableError

from .resumed_schedule import FreshSchedule, run_settings

_resume = Runner.resume

# What the host raises for the state of another run, or for an odd one.
_MISFITS = (
    AssertionError,
    AttributeError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)
# Facts about the run that wrote the checkpoint; the current one has its own.
_FOREIGN_INFO = ('cfg', 'experiment_name', 'seed')


def follow_config_when_resuming() -> str:
    """Let ``Runner.resume`` keep the settings of the config.

    With unchanged settings the state is that of the checkpoint, bit for bit.

    Returns:
        str: Reason of the repair.

    Example:
        >>> follow_config_when_resuming()
        'MMEngine resumes with the schedule of the checkpoint'
    """
    Runner.resume = _resume_by_config
    return 'MMEngine resumes with the schedule of the checkpoint'


def _resume_by_config(
    runner: Runner,
    filename: str,
    resume_optimizer: bool = True,
    resume_param_scheduler: bool = True,
    map_location: str | Callable = 'default',
) -> None:
    """Resume, then bring schedule and options in line with the config."""
    is_built = isinstance(runner.optim_wrapper, OptimWrapper)
    fresh = FreshSchedule(runner) if is_built else None
    load = runner.load_checkpoint
    checkpoint: dict[str, Any] = {}

    def load_as_data(*args: Any, **kwargs: Any) -> dict[str, Any]:
        checkpoint.update(load(*args, **{**kwargs, 'strict': True}))
        distrust(checkpoint, filename)
        return checkpoint

    runner.load_checkpoint = load_as_data
    try:
        _resume(
            runner,
            filename,
            resume_optimizer,
            resume_param_scheduler,
            map_location,
        )
    except (NotResumableError, NonFiniteError):
        raise
    except OSError as error:
        raise NotResumableError(
            f'cannot resume from {filename}: it cannot be read ({error}).'
        ) from error
    except _MISFITS as error:
        raise NotResumableError(
            f'cannot resume from {filename}: it does not fit this run '
            f'({type(error).__name__}: {error}). Resume with the config of '
            'its training, or start from its weights with load_from.'
        ) from error
    finally:
        del runner.load_checkpoint
    if resume_optimizer and 'optimizer' not in checkpoint:
        runner.logger.warning(
            f'{filename} holds no state of the optimizer, which starts from '
            'scratch.'
        )
    if fresh is not None:
        fresh.restore(runner, checkpoint['message_hub'])
    _report(runner, checkpoint['meta'])


def distrust(checkpoint: MutableMapping[str, Any], name: str) -> None:
    """Remove from a checkpoint what MMEngine would believe without reason.

    Args:
        checkpoint (MutableMapping[str, Any]): Content of the file; it is
            changed.
        name (str): Path of the file, for errors.

    Raises:
        NotResumableError: If it does not say where the run continues.

    Example:
        >>> checkpoint = dict(meta=dict(epoch=1, iter=9, config='import os'),
        ...                   message_hub=dict(runtime_info={}))
        >>> distrust(checkpoint, 'epoch_1.pth')
        >>> checkpoint['meta']
        {'epoch': 1, 'iter': 9}
    """
    meta, hub = checkpoint.get('meta'), checkpoint.get('message_hub')
    try:
        check_position(meta)
        if not isinstance(hub, MutableMapping):
            raise NotResumableError('it has no message_hub')
    except NotResumableError as error:
        raise NotResumableError(
            f'cannot resume from {name}: {error}.'
        ) from error
    assert isinstance(meta, MutableMapping)
    meta.pop('config', None)  # MMEngine runs it
    if type(meta.get('seed')) is not int or not 0 <= meta['seed'] < 2**32:
        meta.pop('seed', None)
    info = hub.get('runtime_info')
    if isinstance(info, MutableMapping):
        for key in [key for key in info if _is_foreign(key, info[key])]:
            del info[key]
            hub.get('resumed_keys', {}).pop(key, None)


def _is_foreign(key: str, value: object) -> bool:
    """Return whether a fact is of another run, or cannot be one."""
    is_score = str(key).startswith('best_score')
    return key in _FOREIGN_INFO or (
        is_score and not isinstance(value, int | float)
    )


def _report(runner: Runner, meta: MutableMapping[str, Any]) -> None:
    """Log which settings differ from those of the checkpoint."""
    before, now = meta.get('settings'), run_settings(runner)
    if isinstance(before, MutableMapping):
        changes = [
            f'{name} {before[name]!r:.50} -> {now[name]!r}'
            for name in now
            if name in before and before[name] != now[name]
        ]
        if changes:
            runner.logger.warning(
                f'Settings changed since the checkpoint: {", ".join(changes)}.'
                ' Learning rate and schedule follow the config.'
            )
    if runner.iter >= runner.max_iters or runner.epoch >= runner.max_epochs:
        runner.logger.log(
            logging.WARNING,
            f'Nothing to train: {runner.epoch} epoch(s) and {runner.iter} '
            'iteration(s) are done. Set train_cfg.max_epochs higher to '
            'continue.',
        )
