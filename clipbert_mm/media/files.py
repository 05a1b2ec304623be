# Copyright (c) clipbert_mm contributors.
"""Find the media files that an annotation file names."""

import os
import os.path as osp
from collections.abc import Sequence

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
    while (stem := _without_suffix(name)) != name:
        name = stem
    return name


def is_image_name(name: str) -> bool:
    """Return whether a name has the suffix of a still image.

    Args:
        name (str): Name or path of a file.

    Returns:
        bool: True for images; GIFs count as videos.

    Example:
        >>> is_image_name('a/b.JPG'), is_image_name('b.gif')
        (True, False)
    """
    return osp.splitext(name)[1].lower() in IMAGE_SUFFIXES


def _has_suffix(name: str) -> bool:
    """Return whether a name has the suffix of a video or image."""
    return not name.endswith('.') and _without_suffix(name) != name


def _without_suffix(name: str) -> str:
    """Remove the last suffix if it is one of a video or image."""
    stem, suffix = osp.splitext(name)
    return stem if suffix.lower() in _SUFFIXES else name


def _files_by_stem(folder: str) -> dict[str, list[str]]:
    """Return the files below a folder, as paths relative to it, by stem."""
    if not osp.isdir(folder or '.'):
        raise FileNotFoundError(
            f'There is no folder {folder!r} to look for media in. Check '
            'data_prefix and data_root of the dataset.'
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
    """Return the only file with the stem of a name, or the name itself.

    Files that differ in one suffix go before those that differ in two.
    """
    found = files.get(media_stem(name)) or [name]
    if name in found:
        return name
    for stem in (name, _without_suffix(name)):
        close = [file for file in found if _without_suffix(file) == stem]
        if close:
            found = close
            break
    if len(found) > 1:
        raise ValueError(
            f'{name!r} must match one file of {folder!r}, but matches '
            f'{sorted(found)}. Remove all but one, or set media_suffix.'
        )
    return found[0]
