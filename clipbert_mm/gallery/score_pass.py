# Copyright (c) clipbert_mm contributors.
"""One pass over the videos that is finished, and what follows from it."""

from typing import NamedTuple, Optional

import torch
from torch import Tensor

from .merge import Score, combine_row
from .plan import ClipSplit
from .store import RowLogits, ScoreStore


class ScorePass(NamedTuple):
    """Scores of some clips of all videos."""

    store: ScoreStore
    clips: list[int]
    texts: list[Tensor] | None  # of each video; None for all texts
    unreadable: dict[int, str]  # of all processes: video and reason

    def read(self, row: int) -> RowLogits:
        """Logits of a video; empty ones where there was nothing to score.

        Args:
            row (int): The video.

        Returns:
            RowLogits: Of the clips of this pass.
        """
        if self.texts is not None and not len(self.texts[row]):
            return RowLogits(self.texts[row], torch.empty(0, 0, 0))
        return self.store.read(row)

    def combine(
        self,
        row: int,
        rest: Optional['ScorePass'],
        clips: ClipSplit,
        num_texts: int,
        score: Score,
    ) -> Tensor:
        """Scores of a video of this pass and the next; see combine_row.

        Args:
            row (int): The video.
            rest (ScorePass, optional): Of the other clips.
            clips (ClipSplit): Which clips each pass has.
            num_texts (int): M.
            score (Callable): See :func:`model_score`.

        Returns:
            Tensor: ``(M, )``, minus infinity if it could not be read.
        """
        last = self if rest is None else rest
        if row in last.unreadable:
            return torch.full((num_texts,), -torch.inf)
        return combine_row(
            self.read(row),
            None if rest is None else rest.read(row),
            clips,
            num_texts,
            score,
        )
