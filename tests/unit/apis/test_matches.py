# Copyright (c) clipbert_mm contributors.
"""Tests of matches."""

import numpy as np
import pytest
import torch

from clipbert_mm.apis import Ranking, SkippedVideo, VideoFeatures
from clipbert_mm.apis.background import Background
from clipbert_mm.apis.matches import (
    all_read,
    best_texts,
    is_read,
    warn_of_skipped,
)
from clipbert_mm.media.errors import MediaError

FEATURES = VideoFeatures('b.mp4', torch.zeros(1, 1, 2), ((0.0, 1.0),), '')
SKIPPED = SkippedVideo('a.mp4', 'the file is empty')


def test_ranking__is_a_list() -> None:
    ranking = Ranking([dict(score=0.5)], [SKIPPED])
    assert ranking == [dict(score=0.5)]
    assert ranking.skipped == [SKIPPED]
    assert Ranking([]).skipped == []


def test_ranking__nothing_matches() -> None:
    match, scores = dict(score=0.5), np.zeros(10)
    assert Ranking([]).nothing_matches
    assert not Ranking([match]).nothing_matches
    for chance in (0.01, 0.5):
        background = Background(scores, chance)
        found = Ranking([match], [], background).nothing_matches
        assert found == (chance == 0.5)
        assert Ranking([], [], background).nothing_matches


def test_is_read() -> None:
    assert is_read(FEATURES)
    assert not is_read(SKIPPED)


def test_all_read__nobody_may_be_missing() -> None:
    assert all_read([FEATURES, FEATURES]) == [FEATURES, FEATURES]
    with pytest.raises(MediaError, match=r"'a.mp4': the file is empty"):
        all_read([FEATURES, SKIPPED])


@pytest.mark.parametrize('top_k', [None, 2])
def test_best_texts__equal_scores_keep_their_order(top_k: int | None) -> None:
    scores = np.array([0.25, 0.5, 0.125, 0.5], np.float32)
    found = best_texts('abcd', scores, scores[:, None], FEATURES, top_k)
    assert [(m['corpus_id'], m['text'], m['score']) for m in found] == [
        (1, 'b', 0.5),
        (3, 'd', 0.5),
        (0, 'a', 0.25),
        (2, 'c', 0.125),
    ][:top_k]
    assert found[0]['clips'] == [(0.0, 1.0, 0.5)]


def test_warn_of_skipped__names_file_and_reason(
    recwarn: pytest.WarningsRecorder,
) -> None:
    warn_of_skipped([FEATURES])
    assert not recwarn.list
    warn_of_skipped([SKIPPED, FEATURES])
    assert str(recwarn.pop(UserWarning).message) == (
        '1 of 2 videos are left out:\n  a.mp4: the file is empty'
    )
