# Copyright (c) clipbert_mm contributors.
"""Videos of an index that are like one of them: by grids, or by captions."""

import os
import os.path as osp
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit

from clipbert_mm.apis.video_text_model import VideoTextModel

from .distilling import log_odds
from .errors import LibraryError
from .searching import SEARCHES, Passes, Scored
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
    own = _row_of(store, video).video
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


def find_like_captions(
    store: IndexStore,
    model: VideoTextModel,
    video: str | os.PathLike[str],
    captions: Sequence[str],
    tier: str,
) -> Passes:
    """Score the other videos with the captions of one.

    The score is the mean of the log-odds of all captions, as a probability,
    so that no single caption decides, and a calibration, which scales
    log-odds, changes no order.

    Args:
        store (IndexStore): The index.
        model (VideoTextModel): Its model.
        video (str | os.PathLike[str]): A video of the index.
        captions (Sequence[str]): Its captions, at least one.
        tier (str): Way to search.

    Returns:
        Passes: Scores of one text, which all captions have become.

    Raises:
        LibraryError: If the video is not in the index, or it has no student
            and the tier asks for one.
    """
    own = _row_of(store, video).video
    passes = SEARCHES[tier](store, model, captions)
    found = [_joined(one) for one in passes.found if one.video != own]
    return passes._replace(found=found)


def _joined(one: Scored) -> Scored:
    """Return the scores of several texts as those of one."""
    scores, clips = (
        expit(log_odds(values).mean(0, keepdims=True))
        for values in (one.scores, one.clips)
    )
    return one._replace(
        scores=scores.astype(np.float32), clips=clips.astype(np.float32)
    )


def _row_of(store: IndexStore, video: str | os.PathLike[str]) -> VideoRow:
    path = osp.abspath(os.fspath(video))
    found = (row for row in store.videos() if row.facts.path == path)
    row = next(found, None)
    if row is None or not row.clips:
        raise LibraryError(
            f'{path!r} is not a readable video of the index. Index it first.'
        )
    return row
