# Copyright (c) clipbert_mm contributors.
"""Find the media files that an annotation file names."""

import os.path as osp
from collections.abc import Collection, Sequence

from .walking import walk_files

VIDEO_SUFFIXES = (
    '.mp4',
    '.webm',
    '.mkv',
    '.avi',
    '.mov',
    '.m4v',
    '.gif',
    '.flv',
    '.wmv',
    '.mpg',
    '.mpeg',
    '.3gp',
    '.3g2',
    '.ts',
    '.mts',
    '.m2ts',
    '.ogv',
    '.asf',
    '.divx',
    '.dv',
    '.f4v',
    '.m1v',
    '.m2v',
    '.mpe',
    '.mxf',
    '.ogg',
    '.ogm',
    '.qt',
    '.rm',
    '.rmvb',
    '.swf',
    '.vob',
    '.y4m',
)
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')
# A name may end in a dot alone, as 45 of DiDeMo do.
_SUFFIXES = frozenset((*VIDEO_SUFFIXES, *IMAGE_SUFFIXES, '.'))


def media_files(
    names: Sequence[str], folder: str, suffix: str | None
) -> list[str]:
    """Return the path of every named video or image.

    Args:
        names (Sequence[str]): Names as in the annotation file.
        folder (str): Folder of the files; may be empty.
        suffix (str | None): Suffix for names without the suffix of a video
            or image; None looks for a file with the same stem and any suffix.

    Returns:
        list[str]: One path per name. With a ``suffix``, and for names that
        are not found, the file may not exist.

    Raises:
        ValueError: If several files have the stem of a name.
        FileNotFoundError: If ``suffix`` is None and the folder does not
            exist.

    Example:
        >>> media_files(['video0', 'video1.avi'], 'videos', '.mp4')
        ['videos/video0.mp4', 'videos/video1.avi']
    """
    if suffix is not None:
        return [
            osp.join(folder, name if _has_suffix(name) else name + suffix)
            for name in names
        ]
    files = _files_by_stem(folder)
    return [osp.join(folder, _matching(name, files, folder)) for name in names]


def media_stem(name: str) -> str:
    """Return a name without suffixes of videos and images.

    Args:
        name (str): The name; a dot in it need not start a suffix. Downloads
            may have two suffixes, or a dot without one.

    Returns:
        str: Its stem.

    Example:
        >>> media_stem('video0.mp4'), media_stem('35034348999@N01.b')
        ('video0', '35034348999@N01.b')
        >>> media_stem('video0.mov.mp4'), media_stem('video0.')
        ('video0', 'video0')
    """
    while (stem := without_suffix(name)) != name:
        name = stem
    return name


def without_suffix(name: str, others: Collection[str] = ()) -> str:
    """Remove the last suffix of a name if it is one of a video or image.

    Args:
        name (str): The name.
        others (Collection[str]): More suffixes to remove, in lower case with
            their dots. Defaults to none.

    Returns:
        str: The name without it.

    Example:
        >>> without_suffix('a.mov.MP4'), without_suffix('35@N01_60.v2')
        ('a.mov', '35@N01_60.v2')
    """
    stem, suffix = osp.splitext(name)
    known = suffix.lower() in _SUFFIXES or suffix.lower() in others
    return stem if known else name


def _has_suffix(name: str) -> bool:
    """Return whether a name has the suffix of a video or image."""
    return not name.endswith('.') and without_suffix(name) != name


def _files_by_stem(folder: str) -> dict[str, list[str]]:
    """Return the files below a folder, as paths relative to it, by stem."""
    if not osp.isdir(folder or '.'):
        raise FileNotFoundError(
            f'There is no folder {folder!r} to look for media in. Check '
            'data_prefix and data_root of the dataset.'
        )
    files: dict[str, list[str]] = {}
    for entry in walk_files(folder):
        if not entry.refusal:
            files.setdefault(media_stem(entry.path), []).append(entry.path)
    return files


def _matching(name: str, files: dict[str, list[str]], folder: str) -> str:
    """Return the only file with the stem of a name, or the name itself.

    Files that differ in one suffix go before those that differ in two.
    """
    found = files.get(media_stem(name)) or [name]
    if name in found:
        return name
    for stem in (name, without_suffix(name)):
        close = [file for file in found if without_suffix(file) == stem]
        if close:
            found = close
            break
    if len(found) > 1:
        raise ValueError(
            f'{name!r} must match one file of {folder!r}, but matches '
            f'{sorted(found)}. Remove all but one, or set media_suffix.'
        )
    return found[0]
