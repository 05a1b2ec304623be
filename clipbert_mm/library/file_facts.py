# Copyright (c) clipbert_mm contributors.
"""Facts of files, and what has changed since they were indexed."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from clipbert_mm.utils.special_files import special_kind

# Bytes of a file that are hashed at its start, middle and end.
_SAMPLE = 1 << 20


class FileFacts(NamedTuple):
    """State of a file.

    Args:
        path (str): Absolute path.
        size (int): Size in bytes.
        mtime_ns (int): Time of its last change, ns.
    """

    path: str
    size: int
    mtime_ns: int


class Changes(NamedTuple):
    """Differences between files and an index.

    Args:
        new (list[FileFacts]): Files that are not in the index.
        changed (list[FileFacts]): Files whose size or time has changed.
        same (list[FileFacts]): Files that are in the index.
        missing (list[str]): Paths in the index without a file.
    """

    new: list[FileFacts]
    changed: list[FileFacts]
    same: list[FileFacts]
    missing: list[str]


def facts_of(path: str) -> FileFacts:
    """Return the facts of a file.

    Args:
        path (str): The file.

    Returns:
        FileFacts: Its facts.

    Raises:
        OSError: If it cannot be reached.
    """
    status = os.stat(path)
    return FileFacts(os.path.abspath(path), status.st_size, status.st_mtime_ns)


def reachable_files(
    paths: Iterable[str],
) -> tuple[list[FileFacts], list[tuple[str, str]]]:
    """Return the facts of files, and those that cannot be reached.

    Args:
        paths (Iterable[str]): The files.

    Returns:
        tuple[list[FileFacts], list[tuple[str, str]]]: Facts, and paths with
        the reasons.
    """
    found, gone = [], []
    for path in paths:
        try:
            kind = special_kind(os.stat(path))
            if kind is None:
                found.append(facts_of(path))
            else:  # reading it may never end
                gone.append((path, f'it is {kind}, not a file'))
        except OSError as error:
            gone.append((path, error.strerror or str(error)))
    return found, gone


def compare(
    found: Iterable[FileFacts], known: Mapping[str, FileFacts]
) -> Changes:
    """Compare files with those of an index.

    Args:
        found (Iterable[FileFacts]): Files of today.
        known (Mapping[str, FileFacts]): Files of the index by path.

    Returns:
        Changes: The differences.

    Example:
        >>> old = FileFacts('/a.mp4', 9, 1)
        >>> changes = compare([FileFacts('/a.mp4', 9, 2)], {'/a.mp4': old})
        >>> len(changes.changed), changes.missing
        (1, [])
    """
    changes = Changes([], [], [], [])
    paths = set()
    for facts in found:
        if facts.path in paths:
            continue
        paths.add(facts.path)
        if facts.path not in known:
            changes.new.append(facts)
        elif facts == known[facts.path]:
            changes.same.append(facts)
        else:
            changes.changed.append(facts)
    changes.missing.extend(path for path in known if path not in paths)
    return changes


def digest_of(path: str) -> str:
    """Return the digest of a file, whether or not it can be read.

    Args:
        path (str): The file.

    Returns:
        str: Its :func:`content_digest`; empty if it cannot be read.
    """
    try:
        return content_digest(path)
    except OSError:
        return ''


def content_digest(path: str) -> str:
    """Return a digest by which a file is found again after a move.

    Of large files the size, and the start, the middle and the end are
    hashed: reading a film takes longer than indexing it.

    Args:
        path (str): The file.

    Returns:
        str: 32 hexadecimal digits.

    Raises:
        OSError: If it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    with open(path, 'rb') as file:
        size = file.seek(0, os.SEEK_END)
        digest.update(str(size).encode())
        for start in sorted({0, max(0, size // 2), max(0, size - _SAMPLE)}):
            file.seek(start)
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()
