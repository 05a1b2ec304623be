# Copyright (c) clipbert_mm contributors.
"""Find the files of the media that an annotation file names."""

import os
import os.path as osp
from collections.abc import Sequence

_SUFFIXES = frozenset(
    (
        '.mp4',
        '.mkv',
        '.avi',
        '.mov',
        '.webm',
        '.m4v',
        '.gif',
        '.flv',
        '.wmv',
        '.mpg',
        '.mpeg',
        '.3gp',
        '.ts',
        '.jpg',
        '.jpeg',
        '.png',
        '.bmp',
        '.webp',
    )
)


def media_files(
    names: Sequence[str], folder: str, suffix: str | None
) -> list[str]:
    """The path of every named video or image.

    Args:
        names (Sequence[str]): Names as in the annotation file.
        folder (str): Where the files are; may be empty.
        suffix (str, optional): Appended to names without the suffix of a
            video or image; None looks for a file with the same stem, whatever
            its suffix.

    Returns:
        list[str]: One path per name. With a ``suffix``, and for names that
        are not found, the file may not exist.

    Raises:
        ValueError: If several files have the stem of a name.
        FileNotFoundError: If ``suffix`` is None and there is no folder.

    Example:
        >>> media_files(['video0', 'video1.avi'], 'videos', '.mp4')
        ['videos/video0.mp4', 'videos/video1.avi']
    """
    if suffix is not None:
        return [
            osp.join(
                folder, name if media_stem(name) != name else name + suffix
            )
            for name in names
        ]
    files = _files_by_stem(folder)
    return [osp.join(folder, _matching(name, files, folder)) for name in names]


def media_stem(name: str) -> str:
    """A name without the suffix of a video or image.

    Args:
        name (str): The name; dots in it need not start a suffix.

    Returns:
        str: Its stem.

    Example:
        >>> media_stem('video0.mp4'), media_stem('35034348999@N01.b')
        ('video0', '35034348999@N01.b')
    """
    stem, suffix = osp.splitext(name)
    return stem if suffix.lower() in _SUFFIXES else name


def _files_by_stem(folder: str) -> dict[str, list[str]]:
    """Files below a folder, with their paths in it, by stem."""
    if not osp.isdir(folder or '.'):
        raise FileNotFoundError(
            f'There is no folder {folder!r} to look for media in. Check '
            'data_prefix and data_root of the data set.'
        )
    files: dict[str, list[str]] = {}
    for parent, _, found in os.walk(folder or '.'):
        for file in found:
            path = osp.normpath(
                osp.join(osp.relpath(parent, folder or '.'), file)
            )
            files.setdefault(media_stem(path), []).append(path)
    return files


def _matching(name: str, files: dict[str, list[str]], folder: str) -> str:
    found = files.get(name) or files.get(media_stem(name)) or [name]
    if name in found:
        return name
    if len(found) > 1:
        raise ValueError(
            f'{name!r} stands for one file of {folder!r}, but there are '
            f'{sorted(found)}. Remove all but one, or set media_suffix.'
        )
    return found[0]
