# Copyright (c) clipbert_mm contributors.
"""Open the bytes of a video or an image, on a disk or in a database."""

import io
import os
import os.path as osp
import stat
from typing import BinaryIO, cast

from mmengine import fileio

from .errors import MediaError
from .files import media_stem


def open_media(filename: str, backend_args: dict | None = None) -> BinaryIO:
    """Open a media file for reading and seeking.

    A file on the local disk is not loaded into memory. It must be a regular
    file: opening a named pipe may wait for ever.

    The key in an LMDB is the stem of the file: ``'data/videos/video0.mp4'``
    and ``'video0'`` are both read from ``video0``, so that a dataset needs no
    special names for an LMDB.

    Args:
        filename (str): Path of the file.
        backend_args (dict | None): Options of MMEngine's file backend,
            such as ``dict(backend='lmdb', db_path='videos.lmdb')``. Defaults
            to None, the local disk.

    Returns:
        BinaryIO: Open file, never empty. It closes itself when it is
        deleted.

    Raises:
        MediaError: If the LMDB has no such key, or the file is empty or not
            a regular file.
        OSError: If the file cannot be read.

    Example:
        >>> with open_media('videos/video0.mp4') as file:  # doctest: +SKIP
        ...     file.read(8)[4:]
        b'ftyp'
    """
    backend = (backend_args or {}).get('backend', 'local')
    if backend in ('local', 'disk'):
        return cast(BinaryIO, LocalFile(filename))
    if backend != 'lmdb':
        content = fileio.get(filename, backend_args)
        if not content:
            raise MediaError(filename, 'the file is empty')
        return io.BytesIO(content)
    assert backend_args is not None
    return io.BytesIO(_read_lmdb(filename, backend_args))


def read_media(filename: str, backend_args: dict | None = None) -> bytes:
    """Read the content of a media file.

    Args:
        filename (str): Path of the file.
        backend_args (dict | None): As for :func:`open_media`. Defaults to
            None, the local disk.

    Returns:
        bytes: Content of the file, never empty.

    Raises:
        MediaError: As :func:`open_media`.
        OSError: If the file cannot be read.

    Example:
        >>> read_media('videos/video0.mp4')[4:8]  # doctest: +SKIP
        b'ftyp'
    """
    with open_media(filename, backend_args) as file:
        return file.read()


class LocalFile(io.RawIOBase):
    """Regular file on the local disk, open for reading.

    Args:
        filename (str): Path of the file.

    Raises:
        MediaError: If it is empty or not a regular file.
        OSError: If it cannot be opened.
    """

    def __init__(self, filename: str) -> None:
        super().__init__()
        self._descriptor = -1
        _check_address(filename)
        _check_regular(os.stat(filename), filename)
        self._descriptor = os.open(
            filename,
            os.O_RDONLY
            | getattr(os, 'O_NONBLOCK', 0)
            | getattr(os, 'O_BINARY', 0)
            | getattr(os, 'O_CLOEXEC', 0),
        )
        try:  # another file may have taken its place
            status = os.fstat(self._descriptor)
            _check_regular(status, filename)
            if not status.st_size:
                raise MediaError(filename, 'the file is empty')
        except MediaError:
            self.close()
            raise

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Read bytes into a buffer."""
        content = os.read(self._descriptor, len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def read(self, size: int = -1, /) -> bytes:
        """Read at most ``size`` bytes, or all that are left."""
        if size < 0:
            return self.readall()
        return os.read(self._descriptor, size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in the file."""
        return os.lseek(self._descriptor, offset, whence)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the file; once more is allowed."""
        if not self.closed and self._descriptor >= 0:
            os.close(self._descriptor)
        super().close()


def _check_address(filename: str) -> None:
    if '://' in filename and not osp.lexists(filename):
        raise MediaError(
            filename,
            'it is an address, and no backend_args say how to read it; '
            'download the file first',
        )


_KINDS = (
    (stat.S_ISDIR, 'a folder'),
    (stat.S_ISFIFO, 'a named pipe'),
    (stat.S_ISSOCK, 'a socket'),
    (stat.S_ISCHR, 'a device'),
    (stat.S_ISBLK, 'a device'),
)


def _check_regular(status: os.stat_result, filename: str) -> None:
    for is_kind, name in _KINDS:
        if is_kind(status.st_mode):
            raise MediaError(
                filename, f'it is {name}, not a file; remove it or name a file'
            )


def _read_lmdb(filename: str, backend_args: dict) -> bytes:
    key = media_stem(osp.basename(filename))
    if not key.isascii():
        raise MediaError(
            filename,
            f'the key {key!r} is not ASCII, which MMEngine requires '
            'for LMDB; rename it in the annotations and in the database',
        )
    # MMEngine returns None for a missing key, without an error.
    content = fileio.get(key, backend_args)
    if not content:
        reason = 'is not in' if content is None else 'has no content in'
        raise MediaError(
            filename,
            f'the key {key!r} {reason} the LMDB {backend_args["db_path"]!r}',
        )
    return content
