# Copyright (c) clipbert_mm contributors.
"""One run per folder: a lock that ends with the process that holds it."""

import errno
import fcntl
import os
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOCK_FILE = '.run.lock'

#: Errors of file systems that cannot lock.
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

# A lock of POSIX does not exclude its own process.
_held: set[Path] = set()
_guard = threading.Lock()


class FolderInUseError(RuntimeError):
    """Folder that a run of another process writes to."""


@contextmanager
def lock_folder(
    folder: str | Path, remedy: str, shared: bool = False
) -> Iterator[None]:
    """Keep other runs out of a folder.

    The lock is one of POSIX on the file ``.run.lock`` in the folder, which
    exists while the run does. The system releases the lock when the process
    ends, however it ends; processes that are forked do not share it. On NFS
    it holds for all machines. Where the file system cannot lock, a warning
    says so and the run starts.

    Args:
        folder (str | Path): Folder, which is created if necessary.
        remedy (str): Advice for the message, such as how to choose another
            folder.
        shared (bool): Let other processes in that share the folder, too.
            Defaults to False: nobody.

    Yields:
        None: While the lock is held.

    Raises:
        FolderInUseError: If another run holds the lock. The message names
            its machine and process.

    Example:
        >>> with lock_folder('work_dirs/a',
        ...                  'pass another --work-dir'):  # doctest: +SKIP
        ...     train()
    """
    path = Path(folder).resolve() / LOCK_FILE
    with _own(path, remedy):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _open_locked(path, remedy, shared) as file:
            if not shared:
                file.truncate(0)
            file.write(_describe_self())
            file.flush()
            try:
                yield
            finally:
                if not shared or _is_last(file):
                    path.unlink(missing_ok=True)


@contextmanager
def _own(path: Path, remedy: str) -> Iterator[None]:
    """Keep other threads of this process from a lock."""
    with _guard:
        if path in _held:
            raise _in_use(path, 'another thread of this process', remedy)
        _held.add(path)
    try:
        yield
    finally:
        with _guard:
            _held.remove(path)


@contextmanager
def _open_locked(path: Path, remedy: str, shared: bool) -> Iterator[IO[str]]:
    """Open the file with its lock, or raise if another process holds it."""
    while True:
        with open(path, 'a+', encoding='utf-8') as file:
            _lock(file, path, remedy, shared)
            # Its last holder may have removed it after it was opened here.
            if _is_same(path, file):
                yield file
                return


def _is_same(path: Path, file: IO[str]) -> bool:
    """Return whether a path still leads to an open file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _is_last(file: IO[str]) -> bool:
    """Return whether no other process shares a lock; take it alone, if so."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock(file: IO[str], path: Path, remedy: str, shared: bool) -> None:
    """Take the lock at once, or raise if another process holds it."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.lockf(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            file.seek(0)
            holder = file.read(1000).strip().replace('\n', ', ')
            raise _in_use(path, holder or 'another process', remedy) from None
        if error.errno not in _WITHOUT_LOCKS:
            raise
        warnings.warn(
            f'The file system of {path.parent} cannot lock files '
            f'({error.strerror}): start no second run in this folder.',
            stacklevel=2,
        )


def _in_use(path: Path, holder: str, remedy: str) -> FolderInUseError:
    return FolderInUseError(
        f'{path.parent} is in use by {holder}. Wait until that run ends, stop '
        f'it, or {remedy}.'
    )


def _describe_self() -> str:
    """Return the process, its machine and the time, for others to read."""
    now = time.strftime('%Y-%m-%d %H:%M:%S')
    return f'process {os.getpid()} on {socket.gethostname()} since {now}\n'
