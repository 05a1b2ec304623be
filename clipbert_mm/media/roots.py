# Copyright (c) clipbert_mm contributors.
"""Keep the media that annotations name inside the folder of the dataset."""

import os.path as osp
import posixpath
import re

# A name without any of these marks is inside every folder. The last mark is
# of addresses and of Windows' drives.
_MARKS = re.compile(r'\.\.|^[/~]|[\\\0:]')
_ADDRESS = re.compile(
    r'[a-z][a-z0-9+.-]*(:[a-z][a-z0-9+.-]*)*://'
    r'|(https?|ftps?|s3|gs|hdfs|petrel):',
    re.IGNORECASE,
)
_DRIVE = re.compile(r'[A-Za-z]:/')
_HOME = re.compile(r'~[^/]*/')


def reason_against_name(name: str, root: str) -> str | None:
    """Return why a medium may lie outside of its folder, by its name alone.

    Backslashes count as slashes as well, because they are on other systems.
    Links are not resolved; see :func:`path_outside`.

    Args:
        name (str): Name of the medium, as in the annotation file.
        root (str): Folder of the media; empty if there is none, which allows
            every name but an address.

    Returns:
        str | None: Reason that completes "the medium 'a.mp4' ...", or None if
        the name is allowed.

    Example:
        >>> reason_against_name('a/../../b.mp4', 'videos')
        "leaves the folder of the media, 'videos'"
        >>> reason_against_name('a/../b.mp4', 'videos') is None
        True
    """
    if not _MARKS.search(name):
        return None
    if '\0' in name:
        return 'has a NUL character, which no file name may have'
    if _ADDRESS.match(name):
        return 'is an address, and media are not downloaded'
    if not root:
        return None
    for path in {name, name.replace('\\', '/')}:
        if path.startswith('/') or _DRIVE.match(path):
            return f'must be relative to the folder of the media, {root!r}'
        if _HOME.match(path):
            return (
                'begins with a home folder, which is not that of the media, '
                f'{root!r}'
            )
        if posixpath.normpath(path).split('/')[0] == '..':
            return f'leaves the folder of the media, {root!r}'
    return None


def path_outside(filename: str, root: str) -> str | None:
    """Return where a file really is, if that is outside of a folder.

    Links are resolved, those of the folder itself too: a folder that is a
    link, or lies in one, contains its files.

    Args:
        filename (str): Path of the file; it need not exist.
        root (str): The folder.

    Returns:
        str | None: Its path without links, or None if it is inside.

    Example:
        >>> path_outside('/proc/a/../../etc/b.mp4', '/proc')
        '/etc/b.mp4'
        >>> path_outside('/proc/b.mp4', '/proc/') is None
        True
    """
    path = osp.realpath(filename)
    folder = osp.realpath(root)
    is_inside = osp.commonpath([path, folder]) == folder
    return None if is_inside else path
