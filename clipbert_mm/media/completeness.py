# Copyright (c) clipbert_mm contributors.
"""Recognise files that end before the size that they state."""

import os
from typing import BinaryIO

from .errors import MediaError

_MANY_BOXES = 100_000


def check_complete(file: BinaryIO, filename: str) -> None:
    """Raise if an AVI, MP4 or QuickTime file ends early.

    decord crashes at such an AVI, and FFmpeg reads such an MP4 as a shorter
    one. Other containers do not state their size.

    Args:
        file (BinaryIO): Open file; it is sought to its start.
        filename (str): Name of the file, for errors.

    Raises:
        MediaError: If bytes are missing.
    """
    num_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(16)
    if head[:4] == b'RIFF':
        stated = int.from_bytes(head[4:8], 'little') + 8
        # Recorders that were stopped leave all bits set.
        end = stated if stated < 2**32 else 0
    elif head[4:8].isalnum():
        end = _end_of_boxes(file, num_bytes)
    else:
        end = 0
    file.seek(0)
    # Without padding at its end a file is one byte shorter.
    if num_bytes < end - 1:
        raise MediaError(
            filename,
            f'it ends early: only {num_bytes} of {end} bytes are there',
        )


def _end_of_boxes(file: BinaryIO, num_bytes: int) -> int:
    """Return where the last box with frames or their index should end."""
    start = end = 0
    for _ in range(_MANY_BOXES):
        if start + 8 > num_bytes:
            break
        file.seek(start)
        head = file.read(16)
        size = int.from_bytes(head[:4], 'big')
        if size == 1:  # a long size follows
            size = int.from_bytes(head[8:16], 'big')
        if size < 8:  # up to the end of the file, or no box
            break
        start += size
        if head[4:8] in (b'mdat', b'moov', b'moof'):
            end = start
    return end
