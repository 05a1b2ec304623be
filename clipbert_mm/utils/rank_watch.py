# Copyright (c) clipbert_mm contributors.
"""Thread that names the process of a run that has stalled, and ends the run.

Processes of a run wait for one another in every step. A process that is
stopped, or whose machine is gone, makes all others wait; what PyTorch says
when their time is over does not name it.
"""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from torch.distributed import TCPStore

DONE = 'finished'
_FRACTION = 0.9  # of the timeout, so as to speak before PyTorch's own ends
_STORE_ERRORS = (RuntimeError, OSError, ValueError)


class Sign(NamedTuple):
    """Last sign of life of a process, and when it and its place were new."""

    text: str
    place: str
    since: float  # when the text was new, on our clock
    placed: float  # when the place was new, on our clock


class RankWatch:
    """Watch of all processes of a run by each of them.

    Each process writes a sign of life to the store that torchrun provides,
    from a thread: also while it computes or waits. If another one gives no
    sign, because it is stopped, its machine is gone or the network is down,
    the process says which and ends, and torchrun ends the others. If its own
    main thread stays in one place for as long, it reports once where every
    process is; the timeout of the process group then ends those that wait.

    Args:
        rank (int): Rank of this process.
        world_size (int): Number of processes.
        timeout (float): Seconds of the process group, after which a stalled
            process ends the run.
        report (Callable[[str], None]): Function that logs a message.

    Example:
        >>> watch = RankWatch(0, 2, 600, print)  # doctest: +SKIP
        >>> watch.start()  # doctest: +SKIP
        >>> watch.place = 'training step 7'  # doctest: +SKIP
    """

    def __init__(
        self,
        rank: int,
        world_size: int,
        timeout: float,
        report: Callable[[str], None],
    ) -> None:
        self.place = 'the start'
        self._rank = rank
        self._world_size = world_size
        self._limit = _FRACTION * timeout
        self._interval = min(max(timeout / 20, 0.1), 10)
        self._report = report
        self._reported = ''
        self._signs: dict[int, Sign] = {}
        self._end = threading.Event()
        self._store = TCPStore(
            os.environ['MASTER_ADDR'],
            int(os.environ['MASTER_PORT']),
            is_master=False,
            timeout=timedelta(seconds=max(self._limit, 1)),
        )
        self._thread = threading.Thread(
            target=self._run, name='rank watch', daemon=True
        )

    def start(self) -> None:
        """Give the first sign of life and start the thread."""
        self._store.set(self._key(self._rank), self._own_sign(0))
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the others no longer expect signs of life."""
        self.place = DONE
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        beat = 0
        heard = time.monotonic()
        while True:
            is_over = self._end.wait(self._interval)
            beat += 1
            try:
                self._store.set(self._key(self._rank), self._own_sign(beat))
                self._read()
                heard = time.monotonic()
            except _STORE_ERRORS as error:
                if is_over:
                    return
                if time.monotonic() - heard > self._limit:
                    self._give_up(
                        'the store of the run does not answer: its launcher '
                        f'or the process of rank 0 has ended ({error})'
                    )
            if is_over:
                return
            self._judge()

    def _key(self, rank: int) -> str:
        start = os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')
        return f'clipbert_mm/rank_watch/{start}/{rank}'

    def _own_sign(self, beat: int) -> str:
        who = f'process {os.getpid()} on {socket.gethostname()}'
        return json.dumps([beat, who, self.place])

    def _read(self) -> None:
        """Read the signs of all processes and note which are new."""
        now = time.monotonic()
        for rank in range(self._world_size):
            old = self._signs.get(rank)
            key = self._key(rank)
            if not self._store.check([key]):
                self._signs.setdefault(rank, Sign('', 'the start', now, now))
                continue
            text = self._store.get(key).decode()
            if old is None or text != old.text:
                place = json.loads(text)[2]
                is_there = old is not None and old.place == place
                placed = old.placed if old and is_there else now
                self._signs[rank] = Sign(text, place, now, placed)

    def _judge(self) -> None:
        """End the process if another is silent; report a standstill."""
        now = time.monotonic()
        silent = [
            rank
            for rank, sign in self._signs.items()
            if sign.place != DONE and now - sign.since > self._limit
        ]
        if silent:
            self._give_up(
                f'{self._describe(silent, now)}: stopped, or its machine or '
                'the network is down'
            )
        own = self._signs.get(self._rank)
        if (
            own is not None
            and now - own.placed > self._limit
            and self._reported != own.place
        ):
            self._reported = own.place
            self._report(
                f'No progress for {now - own.placed:.0f} s. Where the '
                f'processes are: {self._describe_all(now)}. Those that wait '
                'for another one end after env_cfg.dist_cfg.timeout.'
            )

    def _describe(self, ranks: list[int], now: float) -> str:
        parts = []
        for rank in ranks:
            sign = self._signs[rank]
            who = json.loads(sign.text)[1] if sign.text else 'not started'
            parts.append(
                f'rank {rank} ({who}, at {sign.place}) has given no sign of '
                f'life for {now - sign.since:.0f} s'
            )
        return '; '.join(parts)

    def _describe_all(self, now: float) -> str:
        return '; '.join(
            f'rank {rank}: {sign.place} for {now - sign.placed:.0f} s'
            for rank, sign in sorted(self._signs.items())
        )

    def _give_up(self, reason: str) -> None:
        """Say why, and end the process: its main thread waits in vain."""
        self._report(
            f'Rank {self._rank} ends the run: {reason}. Resume from the last '
            'checkpoint; if it was only slow, raise env_cfg.dist_cfg.timeout.'
        )
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
