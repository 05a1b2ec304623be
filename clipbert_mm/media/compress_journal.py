# Copyright (c) clipbert_mm contributors.
"""Remember in a folder how its videos were encoded and which are finished."""

import json
import os
from pathlib import Path

JOURNAL = 'compress.jsonl'


class CompressJournal:
    """The file ``compress.jsonl`` of a folder of encoded videos.

    Its first line are the settings, and every other a source that is
    finished, with its size and time, so that a source that has changed since
    is encoded again. Lines are only appended: a run may be killed at any time.

    Args:
        folder (Path): The folder: new, empty or with a journal.
        settings (dict): The settings of this run.
        overwrite (bool): Forget what is finished.

    Raises:
        ValueError: If the folder holds something else, or videos with other
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
                f'no {JOURNAL}): name another folder.'
            )
        folder.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix('.partial')
        partial.write_text(json.dumps(dict(settings=settings)) + '\n')
        os.replace(partial, self.path)

    def _read(self, settings: dict) -> None:
        text = self.path.read_text()
        lines = text.split('\n')
        if lines[-1]:  # a killed run's half line
            lines.pop()
            os.truncate(
                self.path,
                len(text.encode()) - len(text.rpartition('\n')[2].encode()),
            )
        found = json.loads(lines[0])['settings']
        if found != settings:
            raise ValueError(
                f'{self.path.parent} holds videos with {found}, but now they '
                f'shall have {settings}. Name another folder, or pass '
                '--overwrite to encode all of them again.'
            )
        for line in lines[1:]:
            if line:
                record = json.loads(line)
                self._finished[record['source']] = record

    def is_finished(self, source: Path, name: str) -> bool:
        """Whether a source has been encoded and has not changed since.

        Args:
            source (Path): The file.
            name (str): Its path in the folder of sources.
        """
        return self._finished.get(name) == _record(source, name)

    def add(self, source: Path, name: str) -> None:
        """Note that a source is finished.

        Args:
            source (Path): The file.
            name (str): Its path in the folder of sources.
        """
        with open(self.path, 'a') as file:
            file.write(json.dumps(_record(source, name)) + '\n')


def _record(source: Path, name: str) -> dict:
    status = source.stat()
    return dict(source=name, bytes=status.st_size, mtime_ns=status.st_mtime_ns)
