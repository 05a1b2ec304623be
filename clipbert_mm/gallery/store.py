# Copyright (c) clipbert_mm contributors.
"""A folder that keeps every finished row of scores, whatever happens."""

import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

META = 'meta.json'
_ROW = re.compile(r'(\d+)\.npz')


class RowLogits(NamedTuple):
    """Logits of some clips of one video with some texts."""

    text_inds: Tensor  # (m, ), int64, places in the caption bank
    clip_logits: Tensor  # (m, c, K), float32


class ScoreStore:
    """One file for each finished row, so that no row is scored twice.

    A row appears under its name when it is complete and on the disk: a run
    may be killed at any time, by a power failure too. Rows do not depend on
    the process that wrote them, so a run may go on with another number of
    processes. ``meta.json`` tells what the rows are scores of.

    Args:
        folder (str | Path): All processes of a run see the same.
        fingerprint (dict): All that the scores follow from, as JSON.

    Example:
        >>> store = ScoreStore('work_dirs/scores', dict(weights='5ca1ab1e'))
        >>> store.open()
        >>> store.write(7, RowLogits(torch.arange(2), torch.zeros(2, 16, 2)))
        >>> store.rows()
        {7}
    """

    def __init__(self, folder: str | Path, fingerprint: dict) -> None:
        self.folder = Path(folder)
        # As it will be read: JSON has no tuples.
        self.fingerprint = json.loads(json.dumps(fingerprint))

    def open(self) -> None:
        """Begin the folder, or go on in it; for one process to call.

        Raises:
            ValueError: If it holds scores of something else.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for rest in self.folder.glob('.*.tmp'):  # of a process that was killed
            rest.unlink()
        meta = self.folder / META
        if meta.exists():
            self._compare(json.loads(meta.read_text()))
        elif self.rows():
            raise ValueError(
                f'{self.folder} has scores, but no {META} that tells of what. '
                'Name another store, or delete the folder.'
            )
        else:
            text = json.dumps(self.fingerprint, indent=2)
            _write_whole(meta, text.encode())

    def _compare(self, found: dict) -> None:
        differences = differing_members(found, self.fingerprint)
        if differences:
            raise ValueError(
                f'{self.folder} holds scores of another run: '
                f'{"; ".join(differences)}. To go on with it, use what it was '
                'begun with; to score anew, name another store or delete the '
                'folder.'
            )

    def rows(self) -> set[int]:
        """The rows that are finished.

        Returns:
            set[int]: Their numbers.
        """
        found = (_ROW.fullmatch(name) for name in os.listdir(self.folder))
        return {int(match[1]) for match in found if match}

    def write(self, row: int, logits: RowLogits) -> None:
        """Keep a finished row.

        Args:
            row (int): Its number, from 0 on.
            logits (RowLogits): On the CPU.
        """
        buffer = io.BytesIO()
        np.savez(
            buffer,
            text_inds=logits.text_inds.numpy(),
            clip_logits=logits.clip_logits.numpy(),
        )
        _write_whole(self._path(row), buffer.getvalue())

    def read(self, row: int) -> RowLogits:
        """A finished row.

        Args:
            row (int): Its number.

        Returns:
            RowLogits: As written.

        Raises:
            ValueError: If the file was damaged after it was written.
        """
        path = self._path(row)
        try:
            with np.load(path) as arrays:
                return RowLogits(
                    torch.from_numpy(arrays['text_inds']),
                    torch.from_numpy(arrays['clip_logits']),
                )
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f'{path} is damaged: {error}. Delete it: it will '
                'be scored anew.'
            ) from error

    def _path(self, row: int) -> Path:
        return self.folder / f'{row:06d}.npz'


def differing_members(found: dict, wanted: dict, name: str = '') -> list[str]:
    """What differs between two fingerprints, in words.

    Args:
        found (dict): Of the store.
        wanted (dict): Of this run.
        name (str): Of the member that both are. Defaults to ``''``.

    Returns:
        list[str]: A text for each member that differs.

    Example:
        >>> differing_members(dict(clips=4), dict(clips=16))
        ['clips is 4 there and 16 now']
    """
    texts = []
    for key in sorted(found.keys() | wanted.keys()):
        old, new = found.get(key), wanted.get(key)
        label = f'{name}.{key}' if name else key
        if isinstance(old, dict) and isinstance(new, dict):
            texts += differing_members(old, new, label)
        elif old != new:
            texts.append(f'{label} is {old!r:.200} there and {new!r:.200} now')
    return texts


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that other processes see whole or not at all."""
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    with open(temporary, 'wb') as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
