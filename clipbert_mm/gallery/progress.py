# Copyright (c) clipbert_mm contributors.
"""Progress of a pass: a bar, and once the time that is left."""

import sys
import time
from collections.abc import Callable

from mmengine.dist import is_main_process
from mmengine.utils import ProgressBar

from .cost import seconds_left

# The time left is logged after so many videos: the first waits for workers.
_VIDEOS_TIMED = 3


class PassProgress:
    """Progress bar of a pass; only the main process shows one.

    Args:
        num_videos (int): Videos that this process scores.
        log (Callable[[str], None]): Function that logs a line.
    """

    def __init__(self, num_videos: int, log: Callable[[str], None]) -> None:
        self.num_videos = num_videos
        self._log = log
        self._done = 0
        self._start = time.perf_counter()
        self._bar = (
            ProgressBar(num_videos, file=sys.stdout)
            if is_main_process()
            else None
        )

    def update(self, size: int) -> None:
        """Count the videos of a batch.

        Args:
            size (int): Number of videos, readable or not.
        """
        was_early = self._done < _VIDEOS_TIMED
        self._done += size
        if self._bar is None:
            return
        self._bar.update(size)
        if self._done == self.num_videos:
            self._bar.file.write('\n')
        if was_early and self._done >= _VIDEOS_TIMED:
            seconds = time.perf_counter() - self._start
            left = seconds_left(self._done, self.num_videos, seconds)
            self._log(
                f'About {left:,.0f} s left of this pass, at the rate of the '
                'first videos.'
            )
