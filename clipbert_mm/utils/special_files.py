# Copyright (c) clipbert_mm contributors.
"""Recognise what is no regular file: folders, pipes, sockets, devices."""

import os
import os.path as osp
import stat

_KINDS = (
    (stat.S_ISDIR, 'a folder'),
    (stat.S_ISFIFO, 'a named pipe'),
    (stat.S_ISSOCK, 'a socket'),
    (stat.S_ISCHR, 'a device'),
    (stat.S_ISBLK, 'a device'),
)


def special_kind(status: os.stat_result) -> str | None:
    """Return what something is, unless it is a regular file.

    Args:
        status (os.stat_result): Its status.

    Returns:
        str | None: Words such as ``'a named pipe'``; None for a file.

    Example:
        >>> special_kind(os.stat('/')), special_kind(os.stat(__file__))
        ('a folder', None)
    """
    return next((k for is_kind, k in _KINDS if is_kind(status.st_mode)), None)


def endless_kind(path: str | os.PathLike[str]) -> str | None:
    """Return what a name stands for, if reading it may never end.

    A pipe between two programs, such as ``<(gunzip -c a.gz)`` in a shell, has
    no name of its own and ends with the first program.

    Args:
        path (str | os.PathLike[str]): Name of an existing file.

    Returns:
        str | None: Words such as ``'a named pipe'``; None for a file and for
        a pipe between two programs.

    Raises:
        OSError: If nothing has this name.

    Example:
        >>> endless_kind('/dev/zero')
        'a device'
    """
    kind = special_kind(os.stat(path))
    return kind if osp.lexists(osp.realpath(path)) else None
