# Copyright (c) clipbert_mm contributors.
"""Tests of ranks, against a loop over all pairs."""

import numpy as np

from clipbert_mm.evaluation.ranks import (
    summarise_ranks,
    text_to_video_ranks,
    video_to_text_ranks,
)


def test_ranks__count_ties_as_losses() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 6, (40, 9)).astype(float)
    own_video = rng.permutation(np.arange(40) % 8)  # video 8 has no text
    by_text = [
        sum(scores[text, video] >= scores[text, own] for video in range(9))
        for text, own in enumerate(own_video)
    ]
    assert text_to_video_ranks(scores, own_video).tolist() == by_text
    by_video = []
    for video in range(8):
        best = max(
            scores[t, video] for t in range(40) if own_video[t] == video
        )
        others = [t for t in range(40) if own_video[t] != video]
        by_video.append(1 + sum(scores[t, video] >= best for t in others))
    assert video_to_text_ranks(scores, own_video).tolist() == by_video


def test_summarise_ranks__by_hand() -> None:
    assert summarise_ranks(np.array([1, 5, 6, 20])) == dict(
        R1=25.0, R5=50.0, R10=75.0, MdR=5.5, MnR=8.0
    )
