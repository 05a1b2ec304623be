# Copyright (c) clipbert_mm contributors.
"""Videos of an index that the captions of one of them describe, too."""

import os
from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from clipbert_mm.apis.video_text_model import VideoTextModel

from .distilling import log_odds
from .searching import SEARCHES, Passes, Scored
from .similar_videos import row_of
from .store import IndexStore


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
    own = row_of(store, video).video
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
