# Copyright (c) clipbert_mm contributors.
"""Read the bytes of a video or an image, from a disk or a database."""

import os.path as osp

from mmengine import fileio

from .errors import MediaError
from .files import media_stem


def read_media(filename: str, backend_args: dict | None = None) -> bytes:
    """Read the content of a media file.

    The key in an LMDB is the stem of the file: ``'data/videos/video0.mp4'``
    and ``'video0'`` are both read from ``video0``, so that a dataset needs no
    special names for an LMDB.

    Args:
        filename (str): Path of the file.
        backend_args (dict | None): Options of MMEngine's file backend,
            such as ``dict(backend='lmdb', db_path='videos.lmdb')``. Defaults
            to None, the local disk.

    Returns:
        bytes: Content of the file, never empty.

    Raises:
        MediaError: If the LMDB has no such key, or the file is empty.
        OSError: If the file cannot be read.

    Example:
        >>> read_media('videos/video0.mp4')[4:8]  # doctest: +SKIP
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
            f'the key {key!r} is not ASCII, which MMEngine requires '
            'for LMDB; rename it in the annotations and in the database',
        )
    # MMEngine returns None for a missing key, without an error.
    content = fileio.get(key, backend_args)
    if not content:
        reason = 'is not in' if content is None else 'has no content in'
        raise MediaError(
            filename,
            f'the key {key!r} {reason} the LMDB {backend_args["db_path"]!r}',
        )
    return content
