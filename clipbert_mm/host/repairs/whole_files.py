# Copyright (c) clipbert_mm contributors.
"""Let MMEngine write files that are whole or do not exist.

MMEngine opens a checkpoint, empties it and writes it in place. A process that
is killed meanwhile, or a disk that is full, leaves half a file under the name
of the checkpoint.
"""

from pathlib import Path

from mmengine.fileio import LocalBackend

from clipbert_mm.utils.whole_files import write_whole


def write_local_files_whole() -> str:
    """Let local files of MMEngine replace another file only when whole.

    Every checkpoint, by epoch, by iteration, best or published, passes here.

    Returns:
        str: Reason of the repair.

    Example:
        >>> write_local_files_whole()
        'MMEngine writes checkpoints in place'
    """
    LocalBackend.put = _put
    LocalBackend.put_text = _put_text
    return 'MMEngine writes checkpoints in place'


def _put(self: LocalBackend, obj: bytes, filepath: str | Path) -> None:
    """Write bytes to a file, and create its folder."""
    write_whole(filepath, obj)


def _put_text(
    self: LocalBackend,
    obj: str,
    filepath: str | Path,
    encoding: str = 'utf-8',
) -> None:
    """Write text to a file, and create its folder."""
    write_whole(filepath, obj.encode(encoding))
