# Copyright (c) clipbert_mm contributors.
"""Hook that ends a run in which a process has stalled, and says which."""

import os
from typing import Any

from mmaction.registry import HOOKS
from mmengine.dist import get_dist_info
from mmengine.hooks import Hook
from mmengine.runner import Runner

from clipbert_mm.utils.rank_watch import RankWatch

#: Seconds that PyTorch waits where no timeout is set.
DEFAULT_TIMEOUT = 1800


@HOOKS.register_module()
class RankWatchHook(Hook):
    """Watch that ends a run of several processes if one of them stalls.

    Without it, processes wait for a stalled one until the timeout of the
    process group, ``env_cfg.dist_cfg.timeout`` in seconds, and the message
    does not say for whom. MMEngine has no hook for this. ``train`` and
    ``test`` add it to every run; with one process it does nothing. See
    :class:`RankWatch`.

    Example:
        >>> custom_hooks = [dict(type='RankWatchHook')]
    """

    priority = 'HIGHEST'

    def __init__(self) -> None:
        self._watch: RankWatch | None = None

    def before_run(self, runner: Runner) -> None:
        """Start the watch.

        Args:
            runner (Runner): Runner of the run.
        """
        rank, world_size = get_dist_info()
        if world_size == 1 or 'MASTER_ADDR' not in os.environ:
            return
        settings = runner.cfg.get('env_cfg', {}).get('dist_cfg', {})
        timeout = settings.get('timeout') or DEFAULT_TIMEOUT
        self._watch = RankWatch(rank, world_size, timeout, runner.logger.error)
        self._watch.start()

    def after_run(self, runner: Runner) -> None:
        """Stop the watch.

        Args:
            runner (Runner): Runner of the run.
        """
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _before_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        mode: str = 'train',
    ) -> None:
        number = runner.iter if mode == 'train' else batch_idx
        self._note(f'{mode} iteration {number + 1}')

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = 'train',
    ) -> None:
        number = runner.iter if mode == 'train' else batch_idx
        self._note(f'what follows {mode} iteration {number + 1}')

    def _note(self, place: str) -> None:
        if self._watch is not None:
            self._watch.place = place
