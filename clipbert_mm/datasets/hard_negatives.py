# Copyright (c) clipbert_mm contributors.
"""Hard negatives of captions: by word overlap, or listed in a file."""

import re
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from clipbert_mm.annotations.captions import read_negatives
from clipbert_mm.annotations.errors import AnnotationError

from .tables.caption_table import CaptionTable

_WORD = re.compile(r'\w+')


class HardNegatives(Protocol):
    """Source of captions that are easily confused with one."""

    def draw(
        self,
        row: int,
        own_texts: np.ndarray,
        count: int,
        rng: np.random.Generator,
    ) -> list[int]:
        """Return up to ``count`` rows of distinct texts that are not own."""


class WordOverlap:
    """Source of hard negatives that share the most words with a caption.

    The number of shared distinct words is looked up on demand in an inverted
    index (words x texts), so that no matrix of texts x texts is stored. Ties
    are broken at random.

    Args:
        table (CaptionTable): All captions.

    Example:
        >>> from clipbert_mm.annotations.captions import Caption
        >>> captions = [Caption('a red car', 'v0', 0, 1),
        ...             Caption('a blue car', 'v1', 1, 2),
        ...             Caption('two dogs', 'v2', 2, 3)]
        >>> overlap = WordOverlap(CaptionTable(captions))
        >>> overlap.draw(0, np.array([0]), 1, np.random.default_rng(0))
        [1]
    """

    def __init__(self, table: CaptionTable) -> None:
        self.table = table
        # A text may be in several rows, any of which stands for it.
        self.row_of_text = np.empty(table.num_texts, dtype=np.int64)
        self.row_of_text[table.text_of_row[::-1]] = np.arange(len(table))[::-1]
        self.word_inds: dict[str, int] = {}
        words, texts = [], []
        for text, row in enumerate(self.row_of_text.tolist()):
            for word in _words(table.text(row)):
                words.append(
                    self.word_inds.setdefault(word, len(self.word_inds))
                )
                texts.append(text)
        self.index = csr_matrix(
            (np.ones(len(words), dtype=np.int8), (words, texts)),
            shape=(len(self.word_inds), table.num_texts),
        )

    def shared_words(self, row: int) -> np.ndarray:
        """Return the number of words that each text shares with a caption.

        Args:
            row (int): Row of the caption.

        Returns:
            np.ndarray: Counts, of shape ``(table.num_texts,)``.
        """
        starts, texts = self.index.indptr, self.index.indices
        words = [self.word_inds[word] for word in _words(self.table.text(row))]
        found = [texts[starts[word] : starts[word + 1]] for word in words]
        return np.bincount(
            np.concatenate([*found, np.empty(0, texts.dtype)]),
            minlength=self.table.num_texts,
        )

    def draw(
        self,
        row: int,
        own_texts: np.ndarray,
        count: int,
        rng: np.random.Generator,
    ) -> list[int]:
        """Return the ``count`` captions that share the most words with one.

        Args:
            row (int): Row of the caption.
            own_texts (np.ndarray): Texts that are not negatives.
            count (int): Number of captions to draw.
            rng (np.random.Generator): Source of randomness, for ties.

        Returns:
            list[int]: Rows; fewer than ``count`` if there are not enough
            texts.
        """
        shared = self.shared_words(row)
        shared[own_texts] = -1
        count = min(count, len(shared) - len(own_texts))
        if count == 0:
            return []
        least = np.partition(shared, -count)[-count]
        above = np.flatnonzero(shared > least)
        ties = rng.choice(
            np.flatnonzero(shared == least), count - len(above), replace=False
        )
        return self.row_of_text[np.concatenate([above, ties])].tolist()


class ListedNegatives:
    """Source of hard negatives that a file lists.

    Args:
        table (CaptionTable): All captions.
        path (str): JSON lines; see :func:`read_negatives`.

    Raises:
        AnnotationError: If the file names a caption that is not in the table.
    """

    def __init__(self, table: CaptionTable, path: str) -> None:
        self.table = table
        row_of_id = {own: row for row, own in enumerate(table.ids)}
        self.rows: dict[int, np.ndarray] = {}
        for line, own, others in read_negatives(path):
            unknown = [i for i in (own, *others) if i not in row_of_id]
            if unknown:
                raise AnnotationError(
                    f'{path}:{line}: no caption of the annotation file has '
                    f'the sen_id {unknown[0]!r}. Remove it.'
                )
            self.rows[row_of_id[own]] = np.array(
                [row_of_id[other] for other in others], dtype=np.int64
            )

    def draw(
        self,
        row: int,
        own_texts: np.ndarray,
        count: int,
        rng: np.random.Generator,
    ) -> list[int]:
        """Draw up to ``count`` of the captions listed for one.

        Args:
            row (int): Row of the caption.
            own_texts (np.ndarray): Texts that are not negatives, even if
                listed.
            count (int): Number of captions to draw.
            rng (np.random.Generator): Source of randomness.

        Returns:
            list[int]: Rows, or fewer than ``count`` if the list is shorter.
        """
        listed = self.rows.get(row, np.empty(0, dtype=np.int64))
        chosen: dict[int, int] = {}
        for other in rng.permutation(listed).tolist():
            text = int(self.table.text_of_row[other])
            if text not in own_texts and len(chosen) < count:
                chosen.setdefault(text, other)
        return list(chosen.values())


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
