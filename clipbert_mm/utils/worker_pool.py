# Copyright (c) clipbert_mm contributors.
"""Run jobs in worker processes, any of which may crash or hang."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from .checks import check_integer
from .error_text import describe


class Outcome(NamedTuple):
    """Result of a job, or the reason why it has none.

    Args:
        number (int): 0-based position of the job.
        result (Any): Result; None if the job failed.
        error (str | None): Reason of the failure.
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
    """Call a function on every job, in parallel processes.

    A broken file can crash or stall the whole process that decodes it. The
    job of such a process fails, and a new process takes over the remaining
    jobs; the pools of the standard library would give up or wait forever.

    Args:
        function (Callable[[Any], Any]): Function of one argument, from a
            module that a new interpreter can import.
        jobs (Sequence[Any]): Arguments of the calls.
        workers (int): Number of processes; 0 calls the function in this one.
        timeout (float | None): Seconds after which a job fails (with
            ``workers`` >= 1). Defaults to None, no limit.

    Yields:
        Outcome: One for each job, in the order in which they end.

    Raises:
        ValueError: If ``workers`` is not an integer >= 0.
        RuntimeError: If a process cannot start.
    """
    check_integer('workers', workers, 0)
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
    """A process and its current job."""

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
        """Hand a job to the process."""
        self.number = number
        self.deadline = (
            float('inf') if timeout is None else (time.monotonic() + timeout)
        )
        # If the process has died, receive() notices it next.
        with contextlib.suppress(OSError):
            self.pipe.send((number, job))

    def receive(self, timeout: float | None) -> Outcome | None:
        """Return the outcome of the job; None if the process just started."""
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
                'A worker process did not start; its error is printed '
                f'above: {reason}. Pass --workers 0 to work in one process.'
            )
        return Outcome(self.number, None, reason)

    def stop(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _ready(pool: list[_Worker]) -> list[_Worker]:
    """Wait until workers have ended a job or run out of time."""
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
    """Describe how a process ended."""
    if exit_code is not None and exit_code < 0:
        return f'its process was ended by {signal.Signals(-exit_code).name}'
    return f'its process ended with status {exit_code}'


def _call(function: Callable[[Any], Any], number: int, job: Any) -> Outcome:
    try:
        return Outcome(number, function(job))
    except Exception as error:  # of any kind: it is reported
        return Outcome(number, None, describe(error))


def _serve(function: Callable[[Any], Any], pipe: Connection) -> None:
    """Run the jobs that arrive until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    pipe.send(None)  # it has started
    while True:
        try:
            number, job = pipe.recv()
        except EOFError:
            return
        pipe.send(_call(function, number, job))


def report_progress(
    outcomes: Iterator[Outcome], total: int, report: Callable[[str], None]
) -> Iterator[Outcome]:
    """Yield outcomes unchanged, and report every tenth of them.

    Args:
        outcomes (Iterator[Outcome]): Outcomes of :func:`run_jobs`.
        total (int): Number of outcomes to expect.
        report (Callable[[str], None]): Receives one line at a time.

    Yields:
        Outcome: The outcomes, in the same order.

    Example:
        >>> outcomes = iter([Outcome(0, 'a'), Outcome(1, 'b')])
        >>> len(list(report_progress(outcomes, 2, print)))
          1 of 2 files, 0 s
          2 of 2 files, 0 s
        2
    """
    start, step = time.monotonic(), max(1, total // 10)
    for done, outcome in enumerate(outcomes, 1):
        if done % step == 0 or done == total:
            seconds = time.monotonic() - start
            report(f'  {done} of {total} files, {seconds:.0f} s')
        yield outcome
