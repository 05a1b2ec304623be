# Copyright (c) clipbert_mm contributors.
"""Captions of a dataset, in a few arrays that workers can share."""

from collections.abc import Sequence

import numpy as np

from clipbert_mm.annotations.captions import Caption, CaptionId

from .media_table import MediaTable


class CaptionTable(MediaTable):
    """Table of captions and their media.

    Texts count as identical if they differ only in case or spaces.

    Args:
        captions (Sequence[Caption]): Captions in file order; the index of
            each is its row.

    Example:
        >>> table = CaptionTable([Caption('a man', 'v0', 0, 1)])
        >>> table.text(0), table.media, table.rows_of(0).tolist()
        ('a man', ['v0'], [0])
    """

    def __init__(self, captions: Sequence[Caption]) -> None:
        super().__init__(
            [caption.media for caption in captions],
            [caption.text for caption in captions],
        )
        self.ids: list[CaptionId] = [c.caption_id for c in captions]
        self.text_of_row = np.empty(len(captions), dtype=np.int32)
        text_inds: dict[str, int] = {}
        for row, caption in enumerate(captions):
            self.text_of_row[row] = text_inds.setdefault(
                ' '.join(caption.text.lower().split()), len(text_inds)
            )
        self.num_texts = len(text_inds)
