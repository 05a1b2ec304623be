# Copyright (c) clipbert_mm contributors.
"""Hook that stops a run whose losses or weights are no longer finite."""

from collections.abc import Mapping
from typing import Any

import torch
from mmaction.registry import HOOKS
from mmengine.dist import all_gather_object, all_reduce, get_world_size
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner
from torch import Tensor

from clipbert_mm.utils.finite import NonFiniteError, find_non_finite
from clipbert_mm.utils.processes import unwrap

_MOST_FILES = 20
_MOST_NAMES = 3


@HOOKS.register_module()
class FiniteHook(Hook):
    """Stop training as soon as a loss or a weight is NaN or infinite.

    MMEngine trains on and replaces good checkpoints by useless ones. Losses
    are checked in every iteration: MMEngine's ``RuntimeInfoHook`` waits for
    their values anyway. Weights are checked before they are saved, validated
    or tested. All processes stop if one of them has such a loss.

    Gradients are not checked: with loss scaling infinite ones are normal, and
    the step is left out.

    Raises:
        NonFiniteError: If a loss or a weight is NaN or infinite. The message
            names the files of the batch, and the last checkpoint.

    Example:
        >>> custom_hooks = [dict(type='FiniteHook')]
    """

    # Before CheckpointHook, which removes the oldest checkpoint first.
    priority = 'NORMAL'

    def before_train(self, runner: Runner) -> None:
        """Check the weights that training starts from."""
        _check_weights(runner, 'Training cannot start')

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Check the losses of a batch, and the weights before a save."""
        bad = bad_losses(outputs or {})
        if _in_any_process(bool(bad), runner):
            raise NonFiniteError(_describe_losses(runner, bad, data_batch))
        if _saves_this_iteration(runner):
            _check_weights(runner, 'No checkpoint is saved')

    def after_train_epoch(self, runner: Runner) -> None:
        """Check the weights before they are saved."""
        _check_weights(runner, 'No checkpoint is saved')

    def before_val_epoch(self, runner: Runner) -> None:
        """Check the weights before they are validated."""
        _check_weights(runner, 'Validation cannot start')

    def before_test_epoch(self, runner: Runner) -> None:
        """Check the weights before they are tested."""
        _check_weights(runner, 'Testing cannot start')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check what is saved, averaged weights included."""
        for key in ('state_dict', 'ema_state_dict'):
            names = find_non_finite(checkpoint.get(key) or {})
            if names:
                raise NonFiniteError(
                    _describe_weights(
                        runner, 'No checkpoint is saved', names, key
                    )
                )


def bad_losses(outputs: Mapping[str, Any]) -> dict[str, float]:
    """Return the losses of an iteration that are not finite.

    Args:
        outputs (Mapping[str, Any]): Values to log, by name. MMEngine adds up
            those whose names contain ``loss``.

    Returns:
        dict[str, float]: NaN or infinite losses by name.

    Example:
        >>> bad_losses(dict(loss=torch.tensor(torch.inf), accuracy=torch.nan))
        {'loss': inf}
    """
    losses = {
        name: value if isinstance(value, Tensor) else torch.as_tensor(value)
        for name, value in outputs.items()
        if 'loss' in name and isinstance(value, (Tensor, float, int))
    }
    return {
        name: value.detach().float().mean().item()
        for name, value in losses.items()
        if not torch.isfinite(value).all()
    }


def batch_files(data_batch: Any) -> list[str]:
    """Return the files of a batch.

    Args:
        data_batch (Any): Batch with ``data_samples``.

    Returns:
        list[str]: Name of the file, or else the id, of each sample.

    Example:
        >>> from mmaction.structures import ActionDataSample
        >>> sample = ActionDataSample(metainfo=dict(filename='a.mp4'))
        >>> batch_files(dict(data_samples=[sample]))
        ['a.mp4']
    """
    if not isinstance(data_batch, Mapping):
        return []
    names = []
    for sample in data_batch.get('data_samples') or []:
        meta = getattr(sample, 'metainfo', {})
        known = ('filename', 'img_path', 'video_id')
        names += [str(meta[key]) for key in known if key in meta][:1]
    return names


def _in_any_process(own: bool, runner: Runner) -> bool:
    if get_world_size() == 1:
        return own
    device = next(unwrap(runner.model).parameters()).device
    flag = torch.tensor([float(own)], device=device)
    all_reduce(flag, 'max')
    return bool(flag.item())


def _saves_this_iteration(runner: Runner) -> bool:
    """Return whether a checkpoint hook saves at the end of this iteration."""
    return any(
        not hook.by_epoch
        and (
            hook.every_n_train_iters(runner, hook.interval, hook.save_begin)
            or (hook.save_last and hook.is_last_train_iter(runner))
        )
        for hook in runner.hooks
        if isinstance(hook, CheckpointHook)
    )


def _check_weights(runner: Runner, effect: str) -> None:
    """Raise in all processes if a weight of one of them is not finite."""
    names = find_non_finite(unwrap(runner.model).state_dict())
    if not _in_any_process(bool(names), runner):
        return
    for others in all_gather_object(names):
        names = names or others
    raise NonFiniteError(_describe_weights(runner, effect, names))


def _describe_losses(
    runner: Runner, bad: dict[str, float], data_batch: Any
) -> str:
    """Name the losses and the files of the processes that have them."""
    found = all_gather_object((bad, batch_files(data_batch) if bad else []))
    losses = {name: value for own, _ in found for name, value in own.items()}
    files = [file for _, own in found for file in own]
    shown = ', '.join(map(repr, files[:_MOST_FILES]))
    more = len(files) - _MOST_FILES
    if more > 0:
        shown += f' and {more} more'
    values = ', '.join(f'{name} is {value}' for name, value in losses.items())
    return (
        f'Losses must be finite, but in epoch {runner.epoch + 1}, iteration '
        f'{runner.iter + 1}, {values}. Training has stopped. Files of the '
        f'batch: {shown or "not named by its samples"}. {_last(runner)} Look '
        'at these files, lower the learning rate, or use '
        'optim_wrapper.clip_grad; in float16, try bfloat16.'
    )


def _describe_weights(
    runner: Runner, effect: str, names: list[str], key: str = 'state_dict'
) -> str:
    """Name the tensors that are not finite."""
    return (
        f'{effect}, because {len(names)} tensors of the model '
        f'({key}) are NaN or infinite, the first of them: '
        f'{", ".join(names[:_MOST_NAMES])}. {_last(runner)} Start from finite '
        'weights, lower the learning rate, or use optim_wrapper.clip_grad.'
    )


def _last(runner: Runner) -> str:
    """Name the checkpoint that is left."""
    saved = [
        str(hook.last_ckpt)
        for hook in runner.hooks
        if isinstance(hook, CheckpointHook) and hook.last_ckpt
    ]
    if saved:
        return f'The last checkpoint is {saved[-1]}.'
    return 'This run has saved no checkpoint.'
