# Copyright (c) clipbert_mm contributors.
"""Matches of videos and texts as callers get them."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

import numpy as np

from clipbert_mm.media.errors import MediaError
from clipbert_mm.utils.warning import warn_caller
from clipbert_mm.weights.calibration import Calibration, apply_calibration

from .background import Background
from .video_features import SkippedVideo, VideoFeatures


class Ranking(list[dict[str, Any]]):
    """Matches, best first, and the videos that could not be read.

    Args:
        matches (Iterable[dict[str, Any]]): The matches.
        skipped (Sequence[SkippedVideo]): Videos that were left out, with the
            reasons. Defaults to ``()``.
        background (Background | None): Scores of the query with unrelated
            videos. Defaults to None: they are not known.
    """

    def __init__(
        self,
        matches: Iterable[dict[str, Any]],
        skipped: Sequence[SkippedVideo] = (),
        background: Background | None = None,
    ) -> None:
        super().__init__(matches)
        self.skipped = list(skipped)
        self.background = background

    @property
    def nothing_matches(self) -> bool:
        """Whether no match is left, or none stands out from the background."""
        if self.background is not None and self.background.explains_best:
            return True
        return not self


def describe_match(
    score: float, clip_scores: np.ndarray, features: VideoFeatures
) -> dict[str, Any]:
    """Describe how a video matches a text.

    Args:
        score (float): Score of the video.
        clip_scores (np.ndarray): Scores of its clips, ``(C,)``.
        features (VideoFeatures): Features of the video.

    Returns:
        dict[str, Any]: ``video``, ``score``, ``start`` and ``end`` of the
        best clip in seconds, and ``clips``, a list of
        ``(start, end, score)``.

    Example:
        >>> import torch
        >>> features = VideoFeatures(
        ...     'a.mp4', torch.zeros(2, 1, 8), ((0.0, 1.0), (4.0, 5.0)), '')
        >>> match = describe_match(0.7, np.array([0.25, 0.75]), features)
        >>> match['start'], match['clips']
        (4.0, [(0.0, 1.0, 0.25), (4.0, 5.0, 0.75)])
    """
    start, end = features.clips[int(clip_scores.argmax())]
    return dict(
        video=features.video,
        score=float(score),
        start=start,
        end=end,
        clips=[
            (*times, float(value))
            for times, value in zip(features.clips, clip_scores)
        ],
    )


def best_texts(
    texts: Sequence[str],
    scores: np.ndarray,
    clip_scores: np.ndarray,
    features: VideoFeatures,
    top_k: int | None = None,
    min_score: float = 0.0,
    calibration: Calibration | None = None,
) -> list[dict[str, Any]]:
    """Describe how texts match a video, best first.

    Args:
        texts (Sequence[str]): M texts.
        scores (np.ndarray): Their scores before calibration, ``(M,)``.
        clip_scores (np.ndarray): Scores of the clips, ``(M, C)``.
        features (VideoFeatures): Features of the video.
        top_k (int | None): Maximum number of texts. Defaults to None: all.
        min_score (float): Smallest score of a match. Defaults to 0.0.
        calibration (Calibration | None): Calibration of the scores. Defaults
            to None.

    Returns:
        list[dict[str, Any]]: Matches of :func:`describe_match`, with ``text``
        and its position ``corpus_id``. Equal scores keep their order.
    """
    final = apply_calibration(scores, calibration)
    clips = apply_calibration(clip_scores, calibration)
    return [
        dict(
            corpus_id=int(i),
            text=texts[i],
            **describe_match(final[i], clips[i], features),
        )
        for i in np.argsort(-scores, kind='stable')[:top_k]
        if final[i] >= min_score
    ]


def best_first(
    names: Sequence[str], scores: Sequence[float]
) -> list[tuple[str, float]]:
    """Return names with scores, sorted.

    Args:
        names (Sequence[str]): The names.
        scores (Sequence[float]): A score for each.

    Returns:
        list[tuple[str, float]]: Best first; equal scores keep their order.

    Example:
        >>> best_first(['a', 'b', 'c'], [0.1, 0.8, 0.1])
        [('b', 0.8), ('a', 0.1), ('c', 0.1)]
    """
    return sorted(zip(names, scores), key=lambda pair: -pair[1])


def is_read(
    video: VideoFeatures | SkippedVideo,
) -> TypeGuard[VideoFeatures]:
    """Return whether a video was read.

    Args:
        video (VideoFeatures | SkippedVideo): Features, or the reason why
            there are none.

    Returns:
        bool: True for features.

    Example:
        >>> is_read(SkippedVideo('a.mp4', 'the file is empty'))
        False
    """
    return isinstance(video, VideoFeatures)


def all_read(
    found: Sequence[VideoFeatures | SkippedVideo],
) -> list[VideoFeatures]:
    """Return videos, all of which must have been read.

    Args:
        found (Sequence[VideoFeatures | SkippedVideo]): The videos.

    Returns:
        list[VideoFeatures]: The same videos.

    Raises:
        MediaError: If one was left out.
    """
    for video in found:
        if isinstance(video, SkippedVideo):
            raise MediaError(video.video, video.reason)
    return list(filter(is_read, found))


def warn_of_skipped(found: Sequence[VideoFeatures | SkippedVideo]) -> None:
    """Warn of the videos that were left out.

    Args:
        found (Sequence[VideoFeatures | SkippedVideo]): All videos.

    Warns:
        UserWarning: If one was left out.
    """
    skipped = [video for video in found if isinstance(video, SkippedVideo)]
    if skipped:
        shown = '\n  '.join(f'{v.video}: {v.reason}' for v in skipped)
        warn_caller(
            f'{len(skipped)} of {len(found)} videos are left out:\n  {shown}'
        )
