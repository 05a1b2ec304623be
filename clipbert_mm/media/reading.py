# Copyright (c) clipbert_mm contributors.
"""Read the bytes of a video or an image, from a disk or a database."""

import os.path as osp

from mmengine import fileio

from .errors import MediaError
from .files import media_stem


def read_media(filename: str, backend_args: dict | None = None) -> bytes:
    """The content of a media file.

    In an LMDB the key is the file's stem: ``'data/videos/video0.mp4'`` and
    ``'video0'`` are both read from ``video0``, so that a dataset needs no
    other names for it.

    Args:
        filename (str): The file.
        backend_args (dict, optional): Where MMEngine reads files from, e.g.
            ``dict(backend='lmdb', db_path='videos.lmdb')``. Defaults to None,
            the local disk.

    Returns:
        bytes: At least one.

    Raises:
        MediaError: If there is no such key, or the file is empty.
        OSError: If the file cannot be read.

    Example:
        >>> read_media('videos/video0.mp4')[4:8]
        b'ftyp'
    """
    if backend_args is None or backend_args.get('backend') != 'lmdb':
        content = fileio.get(filename, backend_args)
        if not content:
            raise MediaError(filename, 'the file is empty')
        return content
    key = media_stem(osp.basename(filename))
    if not key.isascii():
        raise MediaError(
            filename,
            f'the key {key!r} is not ASCII, as MMEngine needs it '
            'for LMDB; rename it in the annotations and in the database',
        )
    # MMEngine gives None, without an error, for a key that is not there.
    content = fileio.get(key, backend_args)
    if not content:
        reason = 'is not in' if content is None else 'has no content in'
        raise MediaError(
            filename,
            f'the key {key!r} {reason} the LMDB {backend_args["db_path"]!r}',
        )
    return content
