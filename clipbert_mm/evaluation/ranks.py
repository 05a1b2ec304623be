# Copyright (c) clipbert_mm contributors.
"""Ranks of own videos and texts among all, and their summary."""

import numpy as np


def text_to_video_ranks(
    scores: np.ndarray, own_video: np.ndarray
) -> np.ndarray:
    """Return the rank of every text's own video, ties counted as losses.

    Args:
        scores (np.ndarray): Scores of all texts and videos.
        own_video (np.ndarray): Column of each text's video.

    Returns:
        np.ndarray: Ranks, 1 is best.

    Shape:
        - scores: ``(M, N)``
        - own_video: ``(M,)``
        - return: ``(M,)``

    Example:
        >>> scores = np.array([[0.9, 0.1], [0.8, 0.3]])
        >>> text_to_video_ranks(scores, np.array([0, 1])).tolist()
        [1, 2]
    """
    own = np.take_along_axis(scores, own_video[:, None], 1)
    # The own video, equal to itself, makes the best rank 1.
    return (scores >= own).sum(1)


def video_to_text_ranks(
    scores: np.ndarray, own_video: np.ndarray
) -> np.ndarray:
    """Return the rank of every video's best text, ties counted as losses.

    Args:
        scores (np.ndarray): Scores of all texts and videos.
        own_video (np.ndarray): Column of each text's video.

    Returns:
        np.ndarray: Ranks of the videos that have a text, 1 is best.

    Shape:
        - scores: ``(M, N)``
        - own_video: ``(M,)``
        - return: ``(N,)``, less if videos have no text

    Example:
        >>> scores = np.array([[0.9, 0.1], [0.8, 0.3]])
        >>> video_to_text_ranks(scores, np.array([0, 1])).tolist()
        [1, 1]
    """
    ranks = []
    for video in np.unique(own_video):
        column, own = scores[:, video], own_video == video
        # Differs from reference: it keeps only one caption of a video.
        ranks.append(1 + (column[~own] >= column[own].max()).sum())
    return np.array(ranks)


def summarise_ranks(ranks: np.ndarray) -> dict[str, float]:
    """Return recall at 1, 5 and 10 in percent, median and mean rank.

    Args:
        ranks (np.ndarray): Ranks, 1 is best.

    Returns:
        dict[str, float]: ``R1``, ``R5``, ``R10``, ``MdR``, ``MnR``.

    Example:
        >>> summarise_ranks(np.array([1, 7]))['R5']
        50.0
    """
    recalls = {f'R{k}': float(100 * np.mean(ranks <= k)) for k in (1, 5, 10)}
    return dict(
        recalls, MdR=float(np.median(ranks)), MnR=float(np.mean(ranks))
    )
