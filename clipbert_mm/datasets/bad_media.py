# Copyright (c) clipbert_mm contributors.
"""Count and report the media files that cannot be used."""

import logging
from collections.abc import Sequence
from multiprocessing.context import get_spawning_popen
from typing import Any

import torch
import torch.multiprocessing as mp
from mmengine.dist import all_reduce
from mmengine.logging import print_log

from clipbert_mm.media.errors import describe


class BadMediaLog:
    """Report every bad file once over all workers and processes.

    The marks are in shared memory, so that workers see those of each other;
    the processes of a distributed run exchange theirs by
    :meth:`merge_processes`.

    Args:
        names (Sequence[str]): Names of all media.
        max_bad_share (float): Largest share of bad media to put up with.

    Example:
        >>> log = BadMediaLog(['a.mp4', 'b.mp4'], max_bad_share=0.5)
        >>> log.report(1, OSError('no such file'))
        >>> log.num_bad
        1
    """

    def __init__(self, names: Sequence[str], max_bad_share: float) -> None:
        self.names = names
        self.max_bad_share = max_bad_share
        self._is_bad = torch.zeros(len(names), dtype=torch.bool)
        self._is_bad.share_memory_()
        self._lock: Any = _new_lock()

    @property
    def num_bad(self) -> int:
        """Number of bad media so far."""
        return int(self._is_bad.sum())

    def report(self, media_ind: int, error: Exception) -> None:
        """Log a bad file, unless it has been.

        Args:
            media_ind (int): Its place in ``names``.
            error (Exception): The reason.

        Raises:
            RuntimeError: If too many media are bad by now.
        """
        with self._lock:
            if self._is_bad[media_ind]:
                return
            self._is_bad[media_ind] = True
            num_bad = self.num_bad
        print_log(
            f'{self.names[media_ind]!r} cannot be used, other samples take '
            f'its place ({num_bad} of {len(self.names)} are bad so far): '
            f'{describe(error)}',
            logger='current',
            # An error: MMEngine's loggers drop warnings of other processes.
            level=logging.ERROR,
        )
        self._check_share(describe(error), error)

    def merge_processes(self) -> None:
        """Exchange the marks with the other processes, all at a time.

        Raises:
            RuntimeError: If too many media are bad by now, in all of them.
        """
        marks = self._is_bad.to(torch.int32)
        all_reduce(marks, 'max')
        self._is_bad.copy_(marks.bool())
        self._check_share('reported above', None)

    def _check_share(self, reason: str, cause: Exception | None) -> None:
        num_bad = self.num_bad
        if num_bad > self.max_bad_share * len(self.names):
            bad = torch.nonzero(self._is_bad).flatten().tolist()
            raise RuntimeError(
                f'{num_bad} of {len(self.names)} media cannot be used, more '
                f'than max_bad_share={self.max_bad_share}: '
                f'{[self.names[i] for i in bad[:10]]}'
                f'{" ..." if num_bad > 10 else ""}. The last reason is '
                f'{reason}. Check data_prefix and media_suffix, '
                'repair the files, or raise max_bad_share.'
            ) from cause

    def __getstate__(self) -> dict:
        """A lock can only be handed on to a worker that is being started."""
        state = self.__dict__.copy()
        if get_spawning_popen() is None:
            state['_lock'] = None
        return state

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        if self._lock is None:
            self._lock = _new_lock()


def _new_lock() -> Any:
    """A lock for workers that are spawned, which serves forked ones too."""
    return mp.get_context('spawn').Lock()
