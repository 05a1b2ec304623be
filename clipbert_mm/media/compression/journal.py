# Copyright (c) clipbert_mm contributors.
"""Record in a folder how its videos were encoded and which are finished."""

import json
import os
from pathlib import Path

JOURNAL = 'compress.jsonl'


class CompressJournal:
    """The file ``compress.jsonl`` of a folder of encoded videos.

    Its first line holds the settings. Every other line names a finished
    source with its size and modification time, so that a source that has
    changed since is encoded again. Lines are only appended: a run may be
    killed at any time.

    Args:
        folder (Path): Folder of the encoded videos: new, empty or with a
            journal.
        settings (dict): Settings of this run.
        overwrite (bool): Forget which sources are finished.

    Raises:
        ValueError: If the folder holds other files, or videos with other
            settings.
    """

    def __init__(self, folder: Path, settings: dict, overwrite: bool) -> None:
        self.path = folder / JOURNAL
        self._finished: dict[str, dict] = {}
        if self.path.is_file() and not overwrite:
            self._read(settings)
            return
        if (
            not self.path.is_file()
            and folder.exists()
            and any(folder.iterdir())
        ):
            raise ValueError(
                f'{folder} is neither empty nor a folder of this tool (it has '
                f'no {JOURNAL}): choose another folder.'
            )
        folder.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix('.partial')
        partial.write_text(json.dumps(dict(settings=settings)) + '\n')
        os.replace(partial, self.path)

    def _read(self, settings: dict) -> None:
        text = self.path.read_text()
        lines = text.split('\n')
        if lines[-1]:  # a line cut short when a run was killed
            lines.pop()
            os.truncate(
                self.path,
                len(text.encode()) - len(text.rpartition('\n')[2].encode()),
            )
        found = json.loads(lines[0])['settings']
        if found != settings:
            raise ValueError(
                f'{self.path.parent} holds videos encoded with {found}, but '
                f'this run has {settings}. Choose another folder, or pass '
                '--overwrite to encode all of them again.'
            )
        for line in lines[1:]:
            if line:
                record = json.loads(line)
                self._finished[record['source']] = record

    def is_finished(self, source: Path, name: str) -> bool:
        """Return whether a source is encoded and unchanged since.

        Args:
            source (Path): The file.
            name (str): Its path relative to the folder of sources.

        Returns:
            bool: True if it need not be encoded again.
        """
        return self._finished.get(name) == _record(source, name)

    def add(self, source: Path, name: str) -> None:
        """Record that a source is finished.

        Args:
            source (Path): The file.
            name (str): Its path relative to the folder of sources.
        """
        with open(self.path, 'a') as file:
            file.write(json.dumps(_record(source, name)) + '\n')


def _record(source: Path, name: str) -> dict:
    status = source.stat()
    return dict(source=name, bytes=status.st_size, mtime_ns=status.st_mtime_ns)
