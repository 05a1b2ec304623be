# Copyright (c) clipbert_mm contributors.
"""Find the newest complete checkpoint in some folders."""

import os.path as osp
from collections.abc import Iterable
from typing import NamedTuple

from .checkpoint_names import checkpoints_in
from .checkpoint_position import (
    Position,
    check_bytes,
    read_position,
)
from .resume_errors import NotResumableError


class Search(NamedTuple):
    """Result of a search for a checkpoint.

    Args:
        newest (Position | None): Newest complete checkpoint, or None.
        refused (dict[str, str]): Reason for each file that cannot be used.
    """

    newest: Position | None
    refused: dict[str, str]


def find_newest(folders: Iterable[str], templates: Iterable[str]) -> Search:
    """Return the newest complete checkpoint of some folders.

    The time in the checkpoints decides, then their epoch: a run that went
    back to an early epoch leaves later ones of its past next to it. Of the
    newest ones every byte is checked, until one is right.

    Args:
        folders (Iterable[str]): Folders that the run saves to.
        templates (Iterable[str]): Names that it gives to checkpoints.

    Returns:
        Search: The checkpoint, and what is wrong with others.

    Example:
        >>> find_newest(['work_dirs/none'], ['epoch_{}.pth']).newest is None
        True
    """
    templates = list(templates)
    found, refused = [], {}
    for folder in dict.fromkeys(map(osp.realpath, folders)):
        for path in checkpoints_in(folder, templates):
            try:
                found.append(read_position(path))
            except NotResumableError as error:
                refused[path] = str(error)
    for position in sorted(found, key=lambda p: p.age, reverse=True):
        try:
            check_bytes(position.path)
        except NotResumableError as error:
            refused[position.path] = str(error)
        else:
            return Search(position, refused)
    return Search(None, refused)
