# Copyright (c) clipbert_mm contributors.
"""Run jobs in processes of which any may crash or hang."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What became of a job: its result, or the reason that there is none.

    ``number`` is the place of the job, from 0 on.
    """

    number: int
    result: Any
    error: str | None = None


def run_jobs(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    workers: int,
    timeout: float | None = None,
) -> Iterator[Outcome]:
    """Call a function on every job, in processes side by side.

    Decoders of broken files can end or stall the whole process. The job of
    such a process has an error, and another process goes on with the others;
    the pools of the standard library give up or wait forever.

    Args:
        function (Callable): Of a module that a new interpreter can import.
        jobs (Sequence): Its arguments.
        workers (int): Number of processes; 0 calls it in this one.
        timeout (float, optional): Seconds after which a job is given up
            (with ``workers`` >= 1). Defaults to None, never.

    Yields:
        Outcome: One for each job, in the order in which they end.

    Raises:
        ValueError: If ``workers`` is negative.
        RuntimeError: If a process cannot even start.
    """
    if workers < 0:
        raise ValueError(f'workers must be >= 0, but got {workers}.')
    if workers == 0:
        for number, job in enumerate(jobs):
            yield _call(function, number, job)
        return
    waiting = list(enumerate(jobs))[::-1]
    pool: list[_Worker] = []
    try:
        pool += [_Worker(function) for _ in range(min(workers, len(jobs)))]
        while pool:
            for worker in _ready(pool):
                outcome = worker.receive(timeout)
                if outcome is not None:
                    yield outcome
                if waiting and not worker.is_alive:
                    pool.remove(worker)
                    pool.append(_Worker(function))
                elif waiting:
                    worker.send(*waiting.pop(), timeout)
                else:
                    pool.remove(worker)
                    worker.stop()
    finally:
        for worker in pool:
            worker.stop()


class _Worker:
    """A process and the job that it has."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        context = multiprocessing.get_context('spawn')
        self.pipe, other_end = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(function, other_end), daemon=True
        )
        self.process.start()
        other_end.close()
        self.number: int | None = None
        self.deadline = float('inf')
        self.is_alive = True

    def send(self, number: int, job: Any, timeout: float | None) -> None:
        """Hand over a job."""
        self.number = number
        self.deadline = (
            float('inf') if timeout is None else (time.monotonic() + timeout)
        )
        try:
            self.pipe.send((number, job))
        except OSError:
            pass  # it has died: receive() is told so next

    def receive(self, timeout: float | None) -> Outcome | None:
        """The outcome of the job; None when the process has just started."""
        try:
            if not self.pipe.poll():
                return self._give_up(f'it took longer than {timeout} s')
            outcome = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return self._give_up(_cause(self.process.exitcode))
        self.deadline = float('inf')
        return outcome

    def _give_up(self, reason: str) -> Outcome:
        self.stop()
        self.is_alive = False
        if self.number is None:
            raise RuntimeError(
                'A worker process did not start, its error is '
                f'above: {reason}. Pass --workers 0 to work '
                'in one process.'
            )
        return Outcome(self.number, None, reason)

    def stop(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _ready(pool: list[_Worker]) -> list[_Worker]:
    """Wait for the workers that have ended a job or run out of time."""
    while True:
        first = min(worker.deadline for worker in pool)
        seconds = (
            None if first == float('inf') else max(first - time.monotonic(), 0)
        )
        heard = wait([worker.pipe for worker in pool], seconds)
        now = time.monotonic()
        found = [
            worker
            for worker in pool
            if worker.pipe in heard or worker.deadline <= now
        ]
        if found:
            return found


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f'its process was ended by {signal.Signals(-exit_code).name}'
    return f'its process ended with status {exit_code}'


def _call(function: Callable[[Any], Any], number: int, job: Any) -> Outcome:
    try:
        return Outcome(number, function(job))
    except Exception as error:  # a job may fail in any way: it is reported
        lines = str(error).strip().splitlines() or ['']
        return Outcome(number, None, f'{type(error).__name__}: {lines[0]}')


def _serve(function: Callable[[Any], Any], pipe: Connection) -> None:
    """What a process does until its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    pipe.send(None)  # it has started
    while True:
        try:
            number, job = pipe.recv()
        except EOFError:
            return
        pipe.send(_call(function, number, job))


def print_progress(
    outcomes: Iterator[Outcome], total: int
) -> Iterator[Outcome]:
    """Pass outcomes on, and print a line at every tenth of them.

    Args:
        outcomes (Iterator[Outcome]): Of :func:`run_jobs`.
        total (int): How many there will be.

    Yields:
        Outcome: The same.
    """
    start, step = time.monotonic(), max(1, total // 10)
    for done, outcome in enumerate(outcomes, 1):
        if done % step == 0 or done == total:
            print(
                f'  {done} of {total} files, {time.monotonic() - start:.0f} s',
                flush=True,
            )
        yield outcome
