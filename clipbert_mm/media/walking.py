# Copyright (c) clipbert_mm contributors.
"""Walk through a folder of media, links to folders included."""

import os
import os.path as osp
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

# Folders that link to each other have endlessly many paths.
_MOST_VISITS = 8


class Entry(NamedTuple):
    """File below a folder, or folder that is not entered.

    Args:
        path (str): Path relative to the folder.
        refusal (str): Reason why a folder is not entered; empty for files.
    """

    path: str
    refusal: str = ''


def walk_files(folder: str) -> Iterator[Entry]:
    """Find all files below a folder, in the order of their paths.

    Links to folders are followed, except back to a folder that holds them.

    Args:
        folder (str): Path of the folder; empty for the current one.

    Yields:
        Entry: Everything that is no folder, and folders that are not entered.
    """
    yield from _walk(folder or '.', '', (), False, Counter())


def _walk(
    root: str,
    place: str,
    above: tuple[tuple, ...],
    linked: bool,
    visits: Counter,
) -> Iterator[Entry]:
    """Walk through a folder, which a link may have led to."""
    folder = osp.join(root, place) if place else root
    try:
        status = os.stat(folder)
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield Entry(
            place or '.', f'the folder is unreadable: {error.strerror}'
        )
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        yield Entry(place, 'it is a link back to a folder that holds it')
        return
    visits[identity] += linked
    if linked and visits[identity] > _MOST_VISITS:
        yield Entry(
            place, f'it is a link to a folder with {_MOST_VISITS} others'
        )
        return
    for entry in entries:
        path = osp.join(place, entry.name)
        if _is_folder(entry):
            yield from _walk(
                root,
                path,
                (*above, identity),
                linked or entry.is_symlink(),
                visits,
            )
        else:
            yield Entry(path)


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
