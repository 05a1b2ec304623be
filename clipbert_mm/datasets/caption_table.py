# Copyright (c) clipbert_mm contributors.
"""All captions of a data set in a few arrays that workers can share."""
from typing import Optional, Sequence, Union

import numpy as np

from .annotations import Caption, CaptionId


class CaptionTable:
    """Captions and the media they belong to.

    A Python list of millions of texts would be copied into every worker as
    soon as it is read, because reading changes its reference counts. Here the
    texts are one buffer.

    Texts count as identical if they differ only in case or spaces.

    Args:
        captions (Sequence[Caption]): The captions, in file order; their place
            is called the row.

    Example:
        >>> table = CaptionTable([Caption('a man', 'v0', 0, 1)])
        >>> table.text(0), table.media, table.rows_of(0).tolist()
        ('a man', ['v0'], [0])
    """

    def __init__(self, captions: Sequence[Caption]) -> None:
        media_inds: dict[str, int] = {}
        text_inds: dict[str, int] = {}
        num_rows = len(captions)
        self.media_of_row = np.empty(num_rows, dtype=np.int32)
        self.text_of_row = np.empty(num_rows, dtype=np.int32)
        self.ids: list[CaptionId] = [c.caption_id for c in captions]
        for row, caption in enumerate(captions):
            self.media_of_row[row] = media_inds.setdefault(
                caption.media, len(media_inds))
            self.text_of_row[row] = text_inds.setdefault(
                ' '.join(caption.text.lower().split()), len(text_inds))
        self.media = list(media_inds)
        self.num_texts = len(text_inds)

        encoded = [caption.text.encode() for caption in captions]
        self._ends = np.cumsum([len(text) for text in encoded])
        self._buffer = np.frombuffer(b''.join(encoded), dtype=np.uint8)
        self._rows = np.argsort(self.media_of_row, kind='stable')
        self._media_ends = np.cumsum(
            np.bincount(self.media_of_row, minlength=len(self.media)))

    def __len__(self) -> int:
        return len(self.media_of_row)

    def text(self, row: int) -> str:
        """The caption of a row, as in the file."""
        start = self._ends[row - 1] if row else 0
        return self._buffer[start:self._ends[row]].tobytes().decode()

    def texts(self) -> list[str]:
        """All captions, in file order."""
        return [self.text(row) for row in range(len(self))]

    def rows_of(self, media_ind: int) -> np.ndarray:
        """The rows of a video or image, ascending."""
        start = self._media_ends[media_ind - 1] if media_ind else 0
        return self._rows[start:self._media_ends[media_ind]]


def select_media(
        captions: list[Caption],
        indices: Optional[Union[int, Sequence[int]]]) -> list[Caption]:
    """The captions of some of the media, in file order.

    Args:
        captions (list[Caption]): All captions.
        indices (int | Sequence[int], optional): The media's places in the
            order of their first captions; a whole number takes the first so
            many, or the last if negative; None takes all.

    Returns:
        list[Caption]: Their captions.

    Example:
        >>> captions = [Caption('a man', 'v0', 0, 1),
        ...             Caption('a dog', 'v1', 1, 2)]
        >>> [caption.media for caption in select_media(captions, [1])]
        ['v1']
    """
    if indices is None:
        return captions
    names = list(dict.fromkeys(caption.media for caption in captions))
    if isinstance(indices, int):
        chosen = names[:indices] if indices >= 0 else names[indices:]
    else:
        chosen = [names[i] for i in indices]
    keep = set(chosen)
    return [caption for caption in captions if caption.media in keep]
