# Copyright (c) clipbert_mm contributors.
"""Negative captions of a video: random ones, or hard ones."""

import numpy as np

from .hard_negatives import HardNegatives, ListedNegatives, WordOverlap
from .option_groups import WORD_OVERLAP
from .tables.caption_table import CaptionTable


class NegativeSampler:
    """Sampler of the negatives of captions.

    Random negatives are uniform over the captions of the other videos, as in
    the reference (at a118b02). Differs from reference: a caption with the
    text of one of the video's own is never a negative, and the negatives of a
    caption have different texts as long as there are enough.

    Args:
        table (CaptionTable): All captions.
        number (int): Negatives per caption.
        hard (int): Hard ones among them; where the source has fewer, random
            ones fill up. Defaults to 0.
        source (str): ``'word_overlap'``, or the path of a file of listed hard
            negatives. Defaults to ``'word_overlap'``.

    Raises:
        ValueError: If a video has all texts, so that none is a negative.

    Example:
        >>> from clipbert_mm.annotations.captions import Caption
        >>> captions = [Caption('a red car', 'v0', 0, 1),
        ...             Caption('two dogs', 'v1', 1, 2)]
        >>> sampler = NegativeSampler(CaptionTable(captions), 1)
        >>> sampler.draw(0, np.random.default_rng(0))
        [1]
    """

    def __init__(
        self,
        table: CaptionTable,
        number: int,
        hard: int = 0,
        source: str = WORD_OVERLAP,
    ) -> None:
        self.table = table
        self.number = number
        self.hard = hard
        self.source: HardNegatives | None = None
        if hard:
            self.source = (
                WordOverlap(table)
                if source == WORD_OVERLAP
                else ListedNegatives(table, source)
            )
        for media_ind, name in enumerate(table.media):
            rows = table.rows_of(media_ind)
            if (
                len(rows) >= table.num_texts
                and len(self._own_texts(rows[0])) == table.num_texts
            ):
                raise ValueError(
                    f'{name!r} has all {table.num_texts} different '
                    'captions, so that none can be its negative. Add videos '
                    'with other captions.'
                )

    def draw(self, row: int, rng: np.random.Generator) -> list[int]:
        """Draw the negatives of a caption, hard ones first.

        Args:
            row (int): Row of the caption.
            rng (np.random.Generator): Source of randomness.

        Returns:
            list[int]: ``number`` rows.
        """
        own_texts = self._own_texts(row)
        rows: list[int] = []
        if self.source is not None:
            rows = self.source.draw(row, own_texts, self.hard, rng)
        return rows + self._random(own_texts, rows, rng)

    def _own_texts(self, row: int) -> np.ndarray:
        rows = self.table.rows_of(self.table.media_of_row[row])
        return np.unique(self.table.text_of_row[rows])

    def _random(
        self, own_texts: np.ndarray, given: list[int], rng: np.random.Generator
    ) -> list[int]:
        """Draw random rows that fill up ``given`` to ``number``."""
        text_of_row = self.table.text_of_row
        count = self.number - len(given)
        taken = {*own_texts.tolist(), *text_of_row[given].tolist()}
        rows: list[int] = []
        # With many videos nearly every draw is a hit.
        for row in rng.integers(len(text_of_row), size=4 * count + 8).tolist():
            if len(rows) < count and text_of_row[row] not in taken:
                taken.add(int(text_of_row[row]))
                rows.append(row)
        if len(rows) < count:
            rows += self._scarce(own_texts, taken, count - len(rows), rng)
        return rows

    def _scarce(
        self,
        own_texts: np.ndarray,
        taken: set[int],
        count: int,
        rng: np.random.Generator,
    ) -> list[int]:
        """Draw from all rows, repeating texts only if all are taken."""
        text_of_row = self.table.text_of_row
        allowed = np.flatnonzero(~np.isin(text_of_row, own_texts))
        rows: list[int] = []
        for row in rng.permutation(allowed).tolist():
            if len(rows) < count and text_of_row[row] not in taken:
                taken.add(int(text_of_row[row]))
                rows.append(row)
        return rows + rng.choice(allowed, count - len(rows)).tolist()
