# Copyright (c) clipbert_mm contributors.
"""Captions of a single video, found in a file by the video's name."""

import os
import os.path as osp

from clipbert_mm.media.files import media_stem

from .captions import read_captions
from .errors import AnnotationError

# Names of an error message.
_SHOWN = 3


def read_captions_of(path: str, video: str | os.PathLike[str]) -> list[str]:
    """Read the captions of one video.

    A caption belongs to it if the media of the caption is the path of the
    video or its end, with or without suffixes, as datasets find files.

    Args:
        path (str): Caption file of any form that
            :func:`~clipbert_mm.annotations.captions.read_captions` reads.
        video (str | os.PathLike[str]): The file, which need not exist.

    Returns:
        list[str]: The captions in file order, each once.

    Raises:
        FileNotFoundError: If the caption file does not exist.
        AnnotationError: If it is no caption file, or has no caption of the
            video.

    Example:
        >>> read_captions_of('test.jsonl', 'videos/video7.mp4')[
        ...     0]  # doctest: +SKIP
        'a man is singing'
    """
    rows = read_captions(path)
    own = media_stem(osp.abspath(os.fspath(video)))
    found = [
        row.text
        for row in rows
        if own.endswith(f'/{media_stem(row.media).lstrip("/")}')
    ]
    if not found:
        names = list(dict.fromkeys(row.media for row in rows))
        raise AnnotationError(
            f'{path}: expected captions of {os.fspath(video)!r}, but got '
            f'those of {len(names)} other names, as {names[:_SHOWN]}. Pass '
            'the file that describes this video.'
        )
    return list(dict.fromkeys(found))
