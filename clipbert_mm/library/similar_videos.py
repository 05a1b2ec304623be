# Copyright (c) clipbert_mm contributors.
"""Videos of an index that look like one of them, found without PyTorch."""

import os
import os.path as osp
from typing import Any

from .errors import LibraryError
from .store import IndexStore, VideoRow


def find_similar(
    store: IndexStore, video: str | os.PathLike[str], top_k: int = 10
) -> list[dict[str, Any]]:
    """Return the videos that look like one, the nearest first.

    The measure is the largest cosine of the mean tokens of two clips, which
    the index holds: no model is needed.

    Args:
        store (IndexStore): The index.
        video (str | os.PathLike[str]): A video of the index.
        top_k (int): Maximum number of videos. Defaults to 10.

    Returns:
        list[dict[str, Any]]: Dictionaries with ``id``, ``video`` and
        ``cosine``.

    Raises:
        LibraryError: If the video is not in the index.

    Example:
        >>> find_similar(IndexStore('index'), 'a.mp4')  # doctest: +SKIP
        [{'id': 4, 'video': '/home/me/videos/b.mp4', 'cosine': 0.97}]
    """
    own = row_of(store, video).video
    rows = {row.video: row for row in store.videos()}
    best: dict[int, float] = {}
    clips = store.take([own], ('video', 'clip', 'vector'))
    # Its own clips may be the nearest, and then all of a video, and another.
    number = store.description.num_clips * top_k + len(clips)
    for clip in clips:
        for other, cosine in store.nearest(clip['vector'], number):
            if other in rows and other != own:
                best[other] = max(cosine, best.get(other, -1.0))
    order = sorted(best, key=lambda other: -best[other])[:top_k]
    return [
        dict(id=i, video=rows[i].facts.path, cosine=best[i]) for i in order
    ]


def row_of(store: IndexStore, video: str | os.PathLike[str]) -> VideoRow:
    """Return the row of a readable video.

    Args:
        store (IndexStore): The index.
        video (str | os.PathLike[str]): Path of the video.

    Returns:
        VideoRow: Its row.

    Raises:
        LibraryError: If the video is not in the index.

    Example:
        >>> row_of(IndexStore('index'), 'a.mp4').clips  # doctest: +SKIP
        16
    """
    path = osp.abspath(os.fspath(video))
    found = (row for row in store.videos() if row.facts.path == path)
    row = next(found, None)
    if row is None or not row.clips:
        raise LibraryError(
            f'{path!r} is not a readable video of the index. Index it first.'
        )
    return row
