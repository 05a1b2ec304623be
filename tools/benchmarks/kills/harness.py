# Copyright (c) clipbert_mm contributors.
"""Run a job to its end although its process is killed again and again."""

import contextlib
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

PARTIAL = '.partial'  # suffix of files that are being written
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)

# Imported once by the server that processes are forked from.
PRELOADED = ['torch', 'mmengine.runner', 'clipbert_mm.models']


class Job(NamedTuple):
    """Command of a module, to be run in new processes.

    Args:
        module (str): Module whose ``main`` takes the arguments, such as
            ``'clipbert_mm.cli.train'``.
        arguments (Sequence[str]): Command line. It must resume what an
            earlier process has begun.
        log (Path): File that the output of all processes is appended to.
    """

    module: str
    arguments: Sequence[str]
    log: Path


class Kill(NamedTuple):
    """Signal that a process gets at some moment.

    Args:
        signal (int): Number of the signal.
        name (str): Name of the moment, for reports.
        has_come (Callable[[float], bool]): Function of the seconds since the
            start that returns whether the moment has come.
    """

    signal: int
    name: str
    has_come: Callable[[float], bool]


class KillsError(AssertionError):
    """Job that has not survived its kills."""


def run(job: Job, limit: float = 600) -> float:
    """Run a job to its end in a new process.

    Args:
        job (Job): The job.
        limit (float): Longest time in seconds. Defaults to 600.

    Returns:
        float: Seconds that it has taken.

    Raises:
        KillsError: If it fails or does not end in time.
    """
    start = time.monotonic()
    _start_and_kill(job, None, limit)
    return time.monotonic() - start


def run_despite_kills(
    job: Job,
    kills: Iterable[Kill],
    check: Callable[[], bool | None] = lambda: None,
    limit: float = 600,
) -> Counter[str]:
    """Run a job to its end, starting it again after every kill.

    Args:
        job (Job): The job.
        kills (Iterable[Kill]): Kills, of one process each. What is left of
            them when the job is done is not used.
        check (Callable[[], bool | None]): Function that raises unless what
            lies on the disk after a kill is right, and returns True if the
            job was done by then and is not to be started again. Defaults to
            none.
        limit (float): Longest time of a process in seconds. Defaults to 600.

    Returns:
        Counter[str]: Number of processes that were killed, by the names of
        signal and moment.

    Raises:
        KillsError: If a process fails that was not killed.
    """
    counts: Counter[str] = Counter()
    for kill in kills:
        if not _start_and_kill(job, kill, limit):
            return counts
        counts[f'{signal.Signals(kill.signal).name} {kill.name}'] += 1
        if check():
            return counts
    run(job, limit)
    return counts


def random_kills(
    rng: random.Random, seconds: float, folder: Path
) -> Iterator[Kill]:
    """Yield kills at random moments, every other while a file is written.

    Args:
        rng (random.Random): Source of signals and moments.
        seconds (float): Duration of a run that is not killed.
        folder (Path): Folder whose files are written.

    Yields:
        Kill: Signal and moment; there is no end.
    """
    while True:
        yield Kill(
            rng.choice(SIGNALS), 'at any time', after(rng.uniform(0, seconds))
        )
        # Which of the files, so that not always the first is hit.
        number = rng.randint(1, 4)
        yield Kill(rng.choice(SIGNALS), 'in a file', writing(folder, number))


def after(seconds: float) -> Callable[[float], bool]:
    """Return the moment some seconds after the start.

    Args:
        seconds (float): The seconds.

    Returns:
        Callable[[float], bool]: Condition of a :class:`Kill`.
    """
    return lambda since: since >= seconds


def writing(folder: Path, number: int = 1) -> Callable[[float], bool]:
    """Return the moment when a file has been begun but is not complete.

    Args:
        folder (Path): Folder that it is written to.
        number (int): Number of that file among those of the process.
            Defaults to 1.

    Returns:
        Callable[[float], bool]: Condition of a :class:`Kill`.
    """
    old = set(partial_files(folder))
    seen: set[str] = set()

    def has_come(since: float) -> bool:
        seen.update(partial_files(folder) - old)
        return len(seen) >= number and bool(partial_files(folder) - old)

    return has_come


def partial_files(folder: Path) -> set[str]:
    """Return the names of the files that are not complete.

    Args:
        folder (Path): Folder, which need not exist.

    Returns:
        set[str]: Names in the folder.
    """
    try:
        return {name for name in os.listdir(folder) if name.endswith(PARTIAL)}
    except FileNotFoundError:
        return set()


def _start_and_kill(job: Job, kill: Kill | None, limit: float) -> bool:
    """Start a process; return whether it was killed before its end."""
    multiprocessing.set_forkserver_preload(PRELOADED)
    context = multiprocessing.get_context('forkserver')
    process = context.Process(target=_work, args=(job,))
    process.start()
    assert process.pid is not None
    start = time.monotonic()
    was_killed = False
    while process.is_alive():
        since = time.monotonic() - start
        if since > limit:
            _send(process.pid, signal.SIGKILL)
            raise KillsError(f'not done within {limit} s; see {job.log}')
        if kill is not None and not was_killed and kill.has_come(since):
            was_killed = _send(process.pid, kill.signal)
        if was_killed and since > limit / 2:
            _send(process.pid, signal.SIGKILL)
        time.sleep(0.0005 if kill is not None else 0.01)
    process.join()
    if process.exitcode and not was_killed:
        raise KillsError(f'ended with {process.exitcode}; see {job.log}')
    return was_killed and process.exitcode != 0


def _send(pid: int, number: int) -> bool:
    """Send a signal to a job and its children; return if it could be sent."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:  # it has ended, or not begun
        return False
    return True


def _work(job: Job) -> None:
    """Be the process of a job."""
    for number in (signal.SIGTERM, signal.SIGINT):
        handler = (
            signal.default_int_handler
            if number == signal.SIGINT
            else signal.SIG_DFL
        )
        signal.signal(number, handler)
    os.setsid()  # from now on there is a group to send signals to
    with open(job.log, 'a') as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.argv = [job.module, *job.arguments]
    with contextlib.suppress(KeyboardInterrupt):
        import_module(job.module).main(list(job.arguments))
        return
    os._exit(128 + signal.SIGINT)
