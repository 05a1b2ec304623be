# Copyright (c) clipbert_mm contributors.
"""Record in a folder how its videos were encoded and which are finished."""

import json
import os
from pathlib import Path
from typing import Any

from clipbert_mm.utils.locks import LOCK_FILE

from .output import write_whole, writing
from .reencode import Reencoded

JOURNAL = 'compress.jsonl'


class CompressJournal:
    """The file ``compress.jsonl`` of a folder of encoded videos.

    Its first line holds the settings. Every other line names a finished
    source with its size and modification time, so that a source that has
    changed since is encoded again, and what became of it. Lines are only
    appended: a run may be killed at any time.

    Args:
        folder (Path): Folder of the encoded videos: new, empty or with a
            journal.
        settings (dict): Settings of this run.
        overwrite (bool): Forget which sources are finished.

    Raises:
        ValueError: If the folder holds other files, or videos with other
            settings, or if its journal is damaged.
        WriteError: If the folder cannot be written.
    """

    def __init__(self, folder: Path, settings: dict, overwrite: bool) -> None:
        self.path = folder / JOURNAL
        self._settings = settings
        self._records: dict[str, dict] = {}
        if self.path.is_file() and not overwrite:
            self._read()
            return
        if folder.exists() and not folder.is_dir():
            raise ValueError(
                f'{folder} is not a folder: choose another to write.'
            )
        if not self.path.is_file() and folder.exists() and _is_filled(folder):
            raise ValueError(
                f'{folder} is neither empty nor a folder of this tool (it has '
                f'no {JOURNAL}): choose another folder.'
            )
        self._write()

    def _read(self) -> None:
        content = self.path.read_bytes()
        lines = content.split(b'\n')
        if lines[-1]:  # a line cut short when a run was killed
            with writing(self.path):
                os.truncate(self.path, len(content) - len(lines[-1]))
        try:
            first, *records = [json.loads(line) for line in lines[:-1]]
            found = first['settings']
            self._records = {record['source']: record for record in records}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f'{self.path} is damaged: {error}. Choose another folder, or '
                'pass --overwrite to encode all videos again.'
            ) from error
        if found != self._settings:
            raise ValueError(
                f'{self.path.parent} holds videos encoded with {found}, but '
                f'this run has {self._settings}. Choose another folder, or '
                'pass --overwrite to encode all of them again.'
            )

    def finished(
        self, source: Path, name: str, target: Path
    ) -> Reencoded | None:
        """Return what became of a source that is unchanged since.

        Args:
            source (Path): The file.
            name (str): Its path relative to the folder of sources.
            target (Path): Path of its result.

        Returns:
            Reencoded | None: None if it must be encoded.
        """
        record = self._records.get(name, {})
        try:
            outcome = Reencoded(*(record[f] for f in Reencoded._fields))
            status, size = source.stat(), target.stat().st_size
        except (OSError, KeyError):
            return None
        same = outcome.source_bytes == status.st_size and (
            outcome.source_mtime_ns == status.st_mtime_ns
        )
        return outcome if same and outcome.num_bytes == size else None

    def add(self, name: str, outcome: Reencoded) -> None:
        """Record that a source is finished.

        Args:
            name (str): Its path relative to the folder of sources.
            outcome (Reencoded): What became of it.

        Raises:
            WriteError: If the journal cannot be written.
        """
        record = dict(source=name, **outcome._asdict())
        self._records[name] = record
        with (
            writing(self.path),
            open(self.path, 'a', encoding='utf-8') as file,
        ):
            file.write(json.dumps(record) + '\n')

    def sort(self) -> None:
        """Order the lines by source, whichever worker was first.

        Raises:
            WriteError: If the journal cannot be written.
        """
        self._write()

    def _write(self) -> None:
        records: list[Any] = [dict(settings=self._settings)]
        records += [own for _, own in sorted(self._records.items())]
        text = ''.join(json.dumps(record) + '\n' for record in records)
        with write_whole(self.path) as output:
            output.write(text.encode())


def _is_filled(folder: Path) -> bool:
    with writing(folder):
        return any(path.name != LOCK_FILE for path in folder.iterdir())
