# Copyright (c) clipbert_mm contributors.
"""Record in a folder of which checkpoints its runs have written.

MMEngine keeps this in the checkpoint, so that whoever made the checkpoint of
a resumed run decides which files the run deletes. The record lies in the
folder itself, names nothing outside it, and only lists what was written here.
"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from .whole_files import write_whole

#: Name of the record in the folder of the checkpoints.
LEDGER = 'checkpoints.json'


class CheckpointLedger:
    """Names of the checkpoints that runs wrote to a folder, oldest first.

    A name is entered before its file is written, and removed after the file
    has been deleted, so that a killed run loses sight of none. Next to them
    stands the last epoch that was validated, 0 before the first one.

    Args:
        folder (str | Path | None): Folder of the checkpoints, or None for
            one that is not on a local disk: the record then ends with the
            process.

    Example:
        >>> ledger = CheckpointLedger(None)
        >>> ledger.add('epoch_1.pth')
        >>> ledger.add('epoch_2.pth')
        >>> ledger.names
        ['epoch_1.pth', 'epoch_2.pth']
    """

    def __init__(self, folder: str | Path | None) -> None:
        self.path = None if folder is None else Path(folder) / LEDGER
        content: object = None
        if self.path is not None and self.path.is_file():
            with contextlib.suppress(OSError, ValueError, RecursionError):
                content = json.loads(self.path.read_text('utf-8'))
        record = content if isinstance(content, dict) else {}
        self.names = _read_names(record.get('written'))
        self.validated = _read_epoch(record.get('validated'))

    def add(self, name: str) -> None:
        """Enter a file as the newest one.

        Args:
            name (str): Name of a file in the folder.
        """
        if self.names[-1:] != [name]:
            self.names = [n for n in self.names if n != name] + [name]
            self.save()

    def remove(self, name: str) -> None:
        """Strike out a file that has been deleted.

        Args:
            name (str): Name of a file in the folder.
        """
        if name in self.names:
            self.names.remove(name)
            self.save()

    def note_validation(self, epoch: int) -> None:
        """Note that an epoch has been validated.

        Args:
            epoch (int): Number of the epoch, from 1.
        """
        self.validated = epoch
        self.save()

    def find(self, belongs: Callable[[str], object]) -> list[str]:
        """Return the names that a function accepts, oldest first.

        Args:
            belongs (Callable[[str], object]): Function of a name.

        Returns:
            list[str]: Names of files, of which some may not exist.
        """
        return [name for name in self.names if belongs(name)]

    def save(self) -> None:
        """Write the record, if the folder is on a local disk.

        Raises:
            FileNotWrittenError: If the folder cannot be written to.
        """
        if self.path is not None:
            record = dict(written=self.names, validated=self.validated)
            write_whole(self.path, json.dumps(record, indent=1) + '\n')


def _read_names(value: object) -> list[str]:
    """Return the values that are names of files, each once."""
    names = value if isinstance(value, list) else []
    return list(dict.fromkeys(name for name in names if _is_file_name(name)))


def _read_epoch(value: object) -> int:
    """Return the number of an epoch; 0 for what is none."""
    return value if type(value) is int and value > 0 else 0


def _is_file_name(name: object) -> bool:
    """Return whether a value names a file, and not a path to one."""
    return (
        isinstance(name, str)
        and name not in ('', '.', '..')
        and not set(name) & {'/', '\\', '\0'}
    )
