# Copyright (c) clipbert_mm contributors.
"""Open the bytes of a video or an image, on a disk or in a database."""

import io
import os
import os.path as osp
from typing import BinaryIO, cast

from mmengine import fileio

from clipbert_mm.utils.special_files import special_kind

from .errors import MediaError
from .files import media_stem
from .limits import VIDEO_LIMITS, MediaLimits
from .sniffing import HEAD_BYTES, sniff


def open_media(
    filename: str,
    backend_args: dict | None = None,
    limits: MediaLimits = VIDEO_LIMITS,
) -> BinaryIO:
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
        limits (MediaLimits): Limit of its size.

    Returns:
        BinaryIO: Open file, never empty. It closes itself when it is
        deleted.

    Raises:
        MediaError: If the LMDB has no such key, or the file is empty, too
            large or not a regular file.
        OSError: If the file cannot be read.

    Example:
        >>> with open_media('videos/video0.mp4') as file:  # doctest: +SKIP
        ...     file.read(8)[4:]
        b'ftyp'
    """
    backend = (backend_args or {}).get('backend', 'local')
    if backend in ('local', 'disk'):
        file = LocalFile(filename)
        try:
            limits.check_bytes(file.size, filename)
        except MediaError:
            file.close()
            raise
        return cast(BinaryIO, file)
    if backend == 'lmdb':
        assert backend_args is not None
        content = _read_lmdb(filename, backend_args)
    else:
        content = fileio.get(filename, backend_args)
    if not content:
        raise MediaError(filename, 'the file is empty')
    limits.check_bytes(len(content), filename)
    return io.BytesIO(content)


def read_media(
    filename: str,
    backend_args: dict | None = None,
    limits: MediaLimits = VIDEO_LIMITS,
) -> bytes:
    """Read the content of a media file.

    Args:
        filename (str): Path of the file.
        backend_args (dict | None): As for :func:`open_media`. Defaults to
            None, the local disk.
        limits (MediaLimits): Limit of its size.

    Returns:
        bytes: Content of the file, never empty.

    Raises:
        MediaError: As :func:`open_media`.
        OSError: If the file cannot be read.

    Example:
        >>> read_media('videos/video0.mp4')[4:8]  # doctest: +SKIP
        b'ftyp'
    """
    with open_media(filename, backend_args, limits) as file:
        return file.read()


class LocalFile(io.RawIOBase):
    """Regular file on the local disk, open for reading.

    Args:
        filename (str): Path of the file.

    Attributes:
        size (int): Its size in bytes when it was opened.

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
            self.size = status.st_size
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

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the file; once more is allowed."""
        # Before it is closed: an interrupted call must not close it twice.
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        super().close()


def _check_address(filename: str) -> None:
    if '://' in filename and not osp.lexists(filename):
        raise MediaError(
            filename,
            'it is an address, and no backend_args say how to read it; '
            'download the file first',
        )


def _check_regular(status: os.stat_result, filename: str) -> None:
    kind = special_kind(status)
    if kind is not None:
        raise MediaError(
            filename, f'it is {kind}, not a file; remove it or name a file'
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


def is_image(
    filename: str | os.PathLike[str],
    backend_args: dict | None = None,
    limits: MediaLimits = VIDEO_LIMITS,
) -> bool:
    """Return whether a file is a still image, by its content.

    Args:
        filename (str | os.PathLike[str]): Path of the file, with any suffix.
        backend_args (dict | None): Options of MMEngine's file backend.
            Defaults to None, the local disk.
        limits (MediaLimits): Limit of its size.

    Returns:
        bool: True for an image that does not move.

    Raises:
        MediaError: If the file is empty, too large or not a regular file.
        OSError: If the file cannot be read.

    Example:
        >>> is_image('photo.mp4')  # doctest: +SKIP
        True
    """
    with open_media(os.fspath(filename), backend_args, limits) as file:
        return sniff(file.read(HEAD_BYTES)).role == 'image'
