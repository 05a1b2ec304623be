# Copyright (c) clipbert_mm contributors.
"""Hook that shares unreadable files among the processes of a run."""

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class BadMediaHook(Hook):
    """Exchange the marks of unreadable files after every training epoch.

    Every process logs the unreadable files that it meets. With this hook the
    others do not log them again, and the fraction at which training stops is
    counted over all processes. Each member of a ``ConcatTextDataset`` has its
    own fraction. Datasets without ``bad_media`` are left alone.

    Example:
        >>> custom_hooks = [dict(type='BadMediaHook')]
    """

    def after_train_epoch(self, runner: Runner) -> None:
        """Merge the marks, and raise if too many files are unreadable."""
        dataset = runner.train_dataloader.dataset
        for member in getattr(dataset, 'datasets', [dataset]):
            bad_media = getattr(member, 'bad_media', None)
            if bad_media is not None:
                bad_media.merge_processes()
