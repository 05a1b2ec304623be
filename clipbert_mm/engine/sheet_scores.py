# Copyright (c) clipbert_mm contributors.
"""Scores of a retrieval test that its sheets need, and no others."""

from collections.abc import Sequence

import numpy as np
from mmengine.dist import all_gather_object
from torch import Tensor


def spread(number: int, most: int) -> list[int]:
    """Return some indices, evenly spread.

    Args:
        number (int): Number of items.
        most (int): Maximum number of indices.

    Returns:
        list[int]: Indices in ascending order, the first item among them.

    Example:
        >>> spread(10, 4), spread(2, 4)
        ([0, 2, 5, 7], [0, 1])
    """
    count = min(number, most)
    return [i * number // count for i in range(count)]


class SheetScores:
    """Scores of some videos with all texts, and of all with some texts.

    A test of thousands of videos and texts has more scores than the memory
    should hold twice.

    Args:
        video_inds (Sequence[int]): Videos whose scores with all texts are
            kept.
        text_inds (Sequence[int]): Texts whose scores with all videos are
            kept.

    Example:
        >>> import torch
        >>> scores = SheetScores([1], [0])
        >>> for video_ind, row in enumerate(torch.eye(2)):
        ...     scores.add(video_ind, row)
        >>> scores.rows[1].tolist(), scores.of_text(0).tolist()
        ([0.0, 1.0], [1.0, 0.0])
    """

    def __init__(
        self, video_inds: Sequence[int], text_inds: Sequence[int]
    ) -> None:
        self.video_inds = list(video_inds)
        self.text_inds = list(text_inds)
        self.rows: dict[int, np.ndarray] = {}
        self._columns: dict[int, np.ndarray] = {}

    def add(self, video_ind: int, scores: Tensor) -> None:
        """Keep what is needed of the scores of a video.

        Args:
            video_ind (int): Index of the video.
            scores (Tensor): Scores with all texts, ``(M,)``.
        """
        values = scores.float().cpu().numpy()
        self._columns[video_ind] = values[self.text_inds]
        if video_ind in self.video_inds:
            self.rows[video_ind] = values

    def gather(self) -> None:
        """Take over the scores of all processes, each of which calls it."""
        for rows, columns in all_gather_object((self.rows, self._columns)):
            self.rows.update(rows)
            self._columns.update(columns)

    def of_text(self, text_ind: int) -> np.ndarray:
        """Return the scores of all videos with a text that is kept.

        Args:
            text_ind (int): Index of the text.

        Returns:
            np.ndarray: float32 ``(N,)``.
        """
        place = self.text_inds.index(text_ind)
        return np.array(
            [self._columns[i][place] for i in range(len(self._columns))]
        )
