# Copyright (c) clipbert_mm contributors.
"""Rows of an annotation file, in a few arrays that workers can share."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np


class MediaTable:
    """Table of rows with texts, and their media.

    Reading a Python list changes the reference counts of its strings, so that
    every worker would copy a list of millions of texts. Here all texts are
    one buffer.

    Args:
        media (Sequence[str]): Medium of every row.
        texts (Sequence[str]): Texts of all rows, row after row, equally many
            per row.

    Example:
        >>> table = MediaTable(['v1', 'v0', 'v1'], ['a man', 'a', 'two dogs'])
        >>> table.media, table.rows_of(0).tolist(), table.text(2)
        (['v1', 'v0'], [0, 2], 'two dogs')
    """

    def __init__(self, media: Sequence[str], texts: Sequence[str]) -> None:
        media_inds: dict[str, int] = {}
        self.media_of_row = np.empty(len(media), dtype=np.int32)
        for row, name in enumerate(media):
            self.media_of_row[row] = media_inds.setdefault(
                name, len(media_inds)
            )
        self.media = list(media_inds)

        encoded = [text.encode() for text in texts]
        self._ends = np.cumsum([len(text) for text in encoded])
        self._buffer = np.frombuffer(b''.join(encoded), dtype=np.uint8)
        self._rows = np.argsort(self.media_of_row, kind='stable')
        self._media_ends = np.cumsum(
            np.bincount(self.media_of_row, minlength=len(self.media))
        )

    def __len__(self) -> int:
        return len(self.media_of_row)

    def text(self, index: int) -> str:
        """Return a text as in the file."""
        start = self._ends[index - 1] if index else 0
        return self._buffer[start : self._ends[index]].tobytes().decode()

    def texts(self) -> list[str]:
        """Return all texts in file order."""
        return [self.text(index) for index in range(len(self._ends))]

    def rows_of(self, media_ind: int) -> np.ndarray:
        """Return the rows of a video or image, ascending."""
        start = self._media_ends[media_ind - 1] if media_ind else 0
        return self._rows[start : self._media_ends[media_ind]]


class OfMedium(Protocol):
    """Row of an annotation file."""

    @property
    def media(self) -> str:
        """Name of its video or image."""


Row = TypeVar('Row', bound=OfMedium)


def select_media(
    rows: list[Row], indices: int | Sequence[int] | None
) -> list[Row]:
    """Return the rows of some of the media, in file order.

    Args:
        rows (list[Row]): All captions or questions.
        indices (int | Sequence[int] | None): Indices of the media in the order
            of their first rows; an integer takes the first so many, or the
            last if negative; None takes all.

    Returns:
        list[Row]: Rows of these media.

    Example:
        >>> from clipbert_mm.annotations.captions import Caption
        >>> captions = [Caption('a man', 'v0', 0, 1),
        ...             Caption('a dog', 'v1', 1, 2)]
        >>> [caption.media for caption in select_media(captions, [1])]
        ['v1']
    """
    if indices is None:
        return rows
    names = list(dict.fromkeys(row.media for row in rows))
    if isinstance(indices, int):
        chosen = names[:indices] if indices >= 0 else names[indices:]
    else:
        chosen = [names[i] for i in indices]
    keep = set(chosen)
    return [row for row in rows if row.media in keep]
