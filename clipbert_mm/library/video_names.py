# Copyright (c) clipbert_mm contributors.
"""Names of the videos of an index: paths, and names of files."""

import os
import os.path as osp
from collections.abc import Mapping, Sequence

from .errors import LibraryError
from .store import VideoRow

#: Number of a video in an index, its path, or the name of its file.
VideoName = int | str | os.PathLike[str]


def names_of(videos: Sequence[VideoRow]) -> dict[str, list[int]]:
    """Return the names that readable videos go by.

    Args:
        videos (Sequence[VideoRow]): Files of an index.

    Returns:
        dict[str, list[int]]: Numbers of the videos of each path, name of a
        file, and name without its suffix.

    Example:
        >>> from clipbert_mm.library.file_facts import FileFacts
        >>> row = VideoRow(7, FileFacts('/a/b.mp4', 0, 0), '', 16, 1.0, '')
        >>> sorted(names_of([row]))
        ['/a/b.mp4', 'b', 'b.mp4']
    """
    named: dict[str, list[int]] = {}
    for row in videos:
        if row.clips:
            name = osp.basename(row.facts.path)
            for key in {row.facts.path, name, osp.splitext(name)[0]}:
                named.setdefault(key, []).append(row.video)
    return named


def find_videos(named: Mapping[str, Sequence[int]], name: str) -> list[int]:
    """Return the videos that a name stands for.

    Args:
        named (Mapping[str, Sequence[int]]): Result of :func:`names_of`.
        name (str): Path, from the working directory too, or name of a file.

    Returns:
        list[int]: Numbers of the videos; none or several if it is no name of
        one.

    Example:
        >>> find_videos({'b': [7]}, 'b'), find_videos({'b': [7]}, 'c')
        ([7], [])
    """
    return list(named.get(name) or named.get(osp.abspath(name)) or [])


def numbers_of(
    videos: Sequence[VideoRow], names: Sequence[VideoName]
) -> list[int]:
    """Return the numbers of named videos.

    Args:
        videos (Sequence[VideoRow]): Files of an index.
        names (Sequence[VideoName]): Numbers, paths or names of files.

    Returns:
        list[int]: Numbers in ascending order, each once.

    Raises:
        LibraryError: If one is no readable video of the index, or the name of
            several.
    """
    named = names_of(videos)
    readable = {row.video for row in videos if row.clips}
    numbers: set[int] = set()
    for name in names:
        if isinstance(name, int):
            found = [name] if name in readable else []
        else:
            found = find_videos(named, os.fspath(name))
        if len(found) != 1:
            raise LibraryError(
                'candidates must be readable videos of the index, by number, '
                f'path or name of the file, but {len(found)} of them are '
                f'{name!r:.200}. Leave it out, or index it first.'
            )
        numbers.update(found)
    return sorted(numbers)
