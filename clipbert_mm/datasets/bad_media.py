# Copyright (c) clipbert_mm contributors.
"""Count and report the media files that cannot be read."""

import logging
from collections.abc import Sequence
from multiprocessing.context import get_spawning_popen
from typing import Any

import torch
import torch.multiprocessing as mp
from mmengine.dist import all_reduce
from mmengine.logging import print_log

from clipbert_mm.utils.error_text import describe


class BadMediaLog:
    """Log of unreadable files, once each over all workers and processes.

    The marks are in shared memory, so that workers see each other's; the
    processes of a distributed run exchange theirs by :meth:`merge_processes`.

    Args:
        names (Sequence[str]): Names of all media.
        max_fraction (float): Maximum fraction of unreadable files before
            training stops.

    Example:
        >>> log = BadMediaLog(['a.mp4', 'b.mp4'], max_fraction=0.5)
        >>> log.report(1, OSError('no such file'))
        >>> log.num_bad
        1
    """

    def __init__(self, names: Sequence[str], max_fraction: float) -> None:
        self.names = names
        self.max_fraction = max_fraction
        self._is_bad = torch.zeros(len(names), dtype=torch.bool)
        self._is_bad.share_memory_()
        self._lock: Any = _new_lock()

    @property
    def num_bad(self) -> int:
        """Number of unreadable files so far."""
        return int(self._is_bad.sum())

    def report(self, media_ind: int, error: Exception) -> None:
        """Log an unreadable file the first time it is seen.

        Args:
            media_ind (int): Index of the file in ``names``.
            error (Exception): Reason.

        Raises:
            RuntimeError: If too many files are unreadable by now.
        """
        with self._lock:
            if self._is_bad[media_ind]:
                return
            self._is_bad[media_ind] = True
            num_bad = self.num_bad
        print_log(
            f'{self.names[media_ind]!r} cannot be used, other samples '
            f'replace it ({num_bad} of {len(self.names)} are bad so far): '
            f'{describe(error)}',
            logger='current',
            # An error: MMEngine's loggers drop warnings of other processes.
            level=logging.ERROR,
        )
        self._check_fraction(describe(error), error)

    def merge_processes(self) -> None:
        """Exchange the marks between all processes; each must call this.

        Raises:
            RuntimeError: If too many files are unreadable by now, in every
                process.
        """
        marks = self._is_bad.to(torch.int32)
        all_reduce(marks, 'max')
        self._is_bad.copy_(marks.bool())
        self._check_fraction('reported above', None)

    def _check_fraction(self, reason: str, cause: Exception | None) -> None:
        num_bad = self.num_bad
        if num_bad > self.max_fraction * len(self.names):
            bad = torch.nonzero(self._is_bad).flatten().tolist()
            raise RuntimeError(
                f'{num_bad} of {len(self.names)} media cannot be used, more '
                f'than bad_media.max_fraction={self.max_fraction}: '
                f'{[self.names[i] for i in bad[:10]]}'
                f'{" ..." if num_bad > 10 else ""}. The last reason is '
                f'{reason}. Check data_prefix and media_suffix, '
                'repair the files, or raise bad_media.max_fraction.'
            ) from cause

    def __getstate__(self) -> dict:
        """Drop the lock unless a worker is started: others cannot take it."""
        state = self.__dict__.copy()
        if get_spawning_popen() is None:
            state['_lock'] = None
        return state

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        if self._lock is None:
            self._lock = _new_lock()


def _new_lock() -> Any:
    """Return a lock for spawned workers, which serves forked ones too."""
    return mp.get_context('spawn').Lock()
