# Copyright (c) clipbert_mm contributors.
"""Lets the processes of a run know of each other's bad media."""

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class BadMediaHook(Hook):
    """Exchange the marks of unreadable files after every training epoch.

    Every process reports the files that it meets. With this hook the others
    do not report them again, and the share at which training stops is counted
    over all of them. Of a ``ConcatTextDataset`` every member has its own
    share. Datasets without ``bad_media`` are left alone.

    Example:
        >>> custom_hooks = [dict(type='BadMediaHook')]
    """

    def after_train_epoch(self, runner: Runner) -> None:
        """Merge the marks; raises if too many media are bad."""
        dataset = runner.train_dataloader.dataset
        for member in getattr(dataset, 'datasets', [dataset]):
            bad_media = getattr(member, 'bad_media', None)
            if bad_media is not None:
                bad_media.merge_processes()
