# Copyright (c) clipbert_mm contributors.
"""Folder that the media of a dataset must lie in."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.media.backends import backend_of
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.roots import path_outside, reason_against_name

_LOCAL = ('local', 'disk')
_KEYED = ('lmdb',)  # the key is the stem of a name
_ADVICE = (
    'Correct data_prefix or the annotations, or set allow_outside=True of the '
    'dataset if you trust this file.'
)


class NamedRow(Protocol):
    """Row of an annotation file."""

    @property
    def media(self) -> str:
        """Name of its video or image."""

    @property
    def line(self) -> int:
        """Line of the file, from 1 on."""


class MediaRoot:
    """Folder that the media of a dataset must lie in.

    Annotation files come from others. A name such as ``../../x.mp4``, an
    absolute one or an address is refused when the annotations are read; a
    link that leads out of the folder when its file is about to be opened.

    Args:
        ann_file (str): The annotation file.
        folder (str): Folder of the media; empty if there is none.
        steps (Sequence[Callable]): Transforms; the first one opens a file.
            The names are keys of its LMDB, or of a file backend, whose keys
            may be of any form but an address.
        allow_outside (bool): Whether media may lie anywhere.

    Example:
        >>> root = MediaRoot('train.jsonl', 'videos', [], False)
        >>> root.check_file('videos/b.mp4', 0)
    """

    def __init__(
        self,
        ann_file: str,
        folder: str,
        steps: Sequence[Callable],
        allow_outside: bool,
    ) -> None:
        backend = backend_of(steps[0] if steps else None)['backend']
        self.ann_file = ann_file
        self.allow_outside = allow_outside
        self._is_keyed = backend in _KEYED
        # Only a path of the local disk can leave its folder.
        self._folder = folder if backend in _LOCAL else ''
        self._lines = np.empty(0, np.int32)

    def check_names(self, rows: Iterable[NamedRow]) -> None:
        """Raise unless the names of all media stay inside the folder.

        Args:
            rows (Iterable[NamedRow]): Rows of the annotation file. Their
                lines are kept, for the errors of :meth:`check_file`.

        Raises:
            AnnotationError: If one does not.
        """
        lines: dict[str, int] = {}
        for row in rows:
            lines.setdefault(row.media, row.line)
        self._lines = np.fromiter(lines.values(), np.int32, len(lines))
        if self._is_keyed:
            return
        for name, line in lines.items():
            reason = reason_against_name(name, self._folder)
            if reason is None or (self.allow_outside and '\0' not in name):
                continue
            raise AnnotationError(
                f'{self.ann_file}:{line}: the medium {name!r} {reason}. '
                f'{_ADVICE}'
            )

    def check_file(self, filename: str, media_ind: int) -> None:
        """Raise unless a file is inside the folder, its links resolved.

        Args:
            filename (str): Path of the file.
            media_ind (int): Index of the medium, in the order of the first
                rows.

        Raises:
            MediaError: If it is outside.
        """
        if self.allow_outside or not self._folder:
            return
        path = path_outside(filename, self._folder)
        if path is not None:
            line = self._lines[media_ind]
            raise MediaError(
                filename,
                f'a link leads to {path!r}, outside of the folder of the '
                f'media, {self._folder!r} (named in {self.ann_file}:{line}). '
                f'{_ADVICE}',
            )
