# Copyright (c) clipbert_mm contributors.
"""Write files that are whole or do not exist, whatever interrupts the writer.

A file is written next to its place and takes it when its last byte has
reached the disk. A process that is killed in between leaves the previous file
untouched, and a part of the new one under a name of its own, which the next
writer to the folder removes.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: leftovers stay
    fcntl = None  # type: ignore[assignment]

PathLike = str | os.PathLike[str]

#: Names of files and folders in work, or that a killed process has left. They
#: are short, and not taken for a video, an image or a table.
PARTIAL = re.compile(r'\.[0-9a-f]{16}\.partial')

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)

# Errors of filesystems that cannot sync a file or a folder.
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)


class FileNotWrittenError(OSError):
    """File that could not be written; what was there before is unchanged."""


def write_whole(path: PathLike, content: str | bytes | memoryview) -> None:
    """Write a file that is seen whole or not at all.

    Args:
        path (PathLike): Path of the file; see :func:`whole_file`.
        content (str | bytes | memoryview): Content of the file. A string is
            encoded in UTF-8.

    Raises:
        FileNotWrittenError: If the file cannot be written, as on a full disk
            or in a read-only folder.

    Example:
        >>> write_whole('last_checkpoint', 'epoch_1.pth')
    """
    with whole_file(path) as partial, open(partial, 'wb') as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_file(path: PathLike, sweep: bool = True) -> Iterator[Path]:
    """Write next to a file, then take its place.

    A file of that name is replaced when the new one is on the disk. A link
    is replaced too, and not followed. Pipes and devices are written to. The
    folder is created.

    Args:
        path (PathLike): Path of the file.
        sweep (bool): Whether to remove :func:`leftovers` in the folder, which
            takes a listing. Defaults to True.

    Yields:
        Path: Path to write to, which has another suffix.

    Raises:
        FileNotWrittenError: If the file cannot be written, as on a full disk
            or in a read-only folder.

    Example:
        >>> with whole_file('scores.npy') as partial:
        ...     partial.write_bytes(b'scores')
        6
    """
    target = Path(path)
    if is_stream(target):
        yield target
        return
    with _explained(target):
        with _explained(target, anything=True):
            partial, descriptor = _begin(target, _new_file, sweep)
        try:
            yield partial
            _sync(partial)
            if target.is_file() and not target.is_symlink():
                with contextlib.suppress(FileNotFoundError):  # just removed
                    shutil.copymode(target, partial)
            # Still held, so that it cannot pass for a leftover.
            os.replace(partial, target)
        except BaseException:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise
        finally:
            os.close(descriptor)
    _sync_folder(target.parent)


@contextmanager
def whole_folder(path: PathLike) -> Iterator[Path]:
    """Write a folder next to its place, and move it there when complete.

    Args:
        path (PathLike): Path of the folder, which is new or empty.

    Yields:
        Path: Folder to write to.

    Raises:
        FileNotWrittenError: If the folder cannot be written or is not empty.

    Example:
        >>> with whole_folder('exported') as partial:
        ...     write_whole(partial / 'config.json', '{}')
    """
    target = Path(path)
    with _explained(target):
        with _explained(target, anything=True):
            partial, descriptor = _begin(target, _new_folder)
        try:
            yield partial
            with _explained(target, anything=True):
                os.replace(partial, target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        finally:
            os.close(descriptor)
    _sync_folder(target.parent)


def leftovers(folder: PathLike) -> Iterator[Path]:
    """Yield what killed processes have left in a folder.

    Args:
        folder (PathLike): Folder that whole files are written to.

    Yields:
        Path: File or folder that no process is writing. None where the
        filesystem has no locks.

    Example:
        >>> list(leftovers('.'))
        []
    """
    if fcntl is None:
        return
    with os.scandir(folder) as entries:
        found = [Path(e) for e in entries if PARTIAL.fullmatch(e.name)]
    for path in found:
        if path.is_symlink():
            continue
        with contextlib.suppress(OSError), _open(path) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield path


def remove_leftovers(folder: PathLike) -> None:
    """Remove what killed processes have left in a folder.

    Args:
        folder (PathLike): Folder that whole files are written to.

    Example:
        >>> remove_leftovers('.')
    """
    for path in leftovers(folder):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def is_stream(path: PathLike) -> bool:
    """Return whether a path is a pipe or a device, such as /dev/stdout.

    Args:
        path (PathLike): Path of a file that need not exist.

    Returns:
        bool: True if no file can take its place.

    Example:
        >>> is_stream('/dev/stdout'), is_stream('report.json')
        (True, False)
    """
    place = Path(path)
    if place.is_absolute() and place.parts[1:2] in (('dev',), ('proc',)):
        # A file, if the shell has redirected it: still not to be replaced.
        return Path('/dev/shm') not in place.parents
    return place.exists() and not (place.is_file() or place.is_dir())


def _begin(
    target: Path, create: Callable[[Path], int | None], sweep: bool = True
) -> tuple[Path, int]:
    """Create a file or folder next to a path, and hold it.

    Returns the new path and the descriptor that holds it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if sweep:
        remove_leftovers(target.parent)
    while True:
        partial = target.with_name(f'.{secrets.token_hex(8)}.partial')
        descriptor = create(partial)
        if descriptor is None:
            continue
        _hold(descriptor)
        # Until then, another process could take it for a leftover.
        if partial.exists():
            return partial, descriptor
        os.close(descriptor)


def _new_file(path: Path) -> int:
    """Create a file and return its descriptor."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)


def _new_folder(path: Path) -> int | None:
    """Create a folder and return its descriptor, if it is still there."""
    path.mkdir()
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


@contextmanager
def _open(path: Path) -> Iterator[int]:
    """Open a file or a folder for reading."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _hold(descriptor: int) -> None:
    """Lock what is being written, where the filesystem has locks.

    Who takes it for a leftover has removed it when this returns.
    """
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def _sync(path: Path) -> None:
    """Wait until a file is on the disk, where the filesystem knows."""
    try:
        with _open(path) as descriptor:
            os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _sync_folder(folder: Path) -> None:
    """Wait until the names of a folder are on the disk."""
    # The file itself is there.
    with contextlib.suppress(OSError), _open(folder) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _explained(target: Path, anything: bool = False) -> Iterator[None]:
    """Explain an error of writing: a full disk or, if so asked, any."""
    try:
        yield
    except FileNotWrittenError:
        raise
    except OSError as error:
        # Those who write may also read, and fail to.
        if anything or error.errno in _FULL:
            text = f'cannot write this file: {_reason(error, target)}'
            raise FileNotWrittenError(
                error.errno, text, str(target)
            ) from error
        raise


def _reason(error: OSError, target: Path) -> str:
    """Explain why a file cannot be written and what to do."""
    if error.errno in _FULL:
        remedy = (
            f'{_free_space(target.parent)} are free: free space, raise the '
            'quota or choose another disk'
        )
    elif error.errno in _FORBIDDEN:
        remedy = 'choose a folder that may be written to'
    else:
        remedy = 'check the folder and its disk'
    if target.is_file():
        remedy = f'the previous file is unchanged; {remedy}'
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f'{reason} ({remedy})'


def _free_space(folder: Path) -> str:
    """Return the free space of a disk, as text."""
    try:
        return f'{shutil.disk_usage(folder).free / 1e6:,.1f} MB'
    except OSError:
        return 'an unknown number of MB'
