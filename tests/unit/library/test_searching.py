# Copyright (c) clipbert_mm contributors.
"""Tests of searching an index, against a loop over the stored grids."""

from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.library import VideoLibrary, searching
from clipbert_mm.library.searching import (
    choose_tier,
    first_positions,
    search_among,
    search_by_student,
    search_exactly,
    search_in_two_passes,
    tiers_of,
)
from clipbert_mm.library.student_tables import (
    StudentTables,
    embed_queries,
    make_student,
)

from .conftest import CLIPS, NUMBER

TEXTS = ['a big red ring moves at the left', 'a small blue cross']


def expected(library: VideoLibrary) -> dict[int, np.ndarray]:
    """Return the scores of videos by rounded features, one at a time."""
    found = {}
    for row in library.videos():
        if row.clips:
            (features,) = library._model.features([row.facts.path])
            half = features.tokens.half().float()
            rounded = type(features)('', half, features.clips, features.model)
            found[row.video] = library._model.scores([rounded], TEXTS)[0][0]
    return found


@pytest.mark.slow
def test_search_exactly__scores_of_the_stored_grids(
    library: VideoLibrary,
) -> None:
    passes = search_exactly(library.store, library._model, TEXTS)
    assert passes.passes == len(TEXTS) * CLIPS * NUMBER
    scores = {one.video: one.scores for one in passes.found}
    wanted = expected(library)
    assert scores.keys() == wanted.keys()
    for video, score in wanted.items():
        np.testing.assert_allclose(scores[video], score, atol=1e-6)


def test_search_exactly__leaves_out_clips_without_a_video(
    library: VideoLibrary,
) -> None:
    (row, *_) = library.store.videos()
    library.store._videos.delete(f'video = {row.video}')
    passes = search_exactly(library.store, library._model, TEXTS)
    assert row.video not in {one.video for one in passes.found}
    assert len(passes.found) == NUMBER - 1


@pytest.mark.slow
def test_two_passes__keep_the_best_of_the_first_clips(
    library: VideoLibrary,
) -> None:
    passes = search_in_two_passes(
        library.store, library._model, TEXTS, first_clips=2, kept=1
    )
    first = {}
    for row in library.videos():
        if row.clips:
            (features,) = library._model.features([row.facts.path])
            half = features.tokens[[1, 3]].half().float()
            some = type(features)(
                '', half, features.clips[1::2], features.model
            )
            first[row.video] = library._model.scores([some], TEXTS)[0][0]
    best = {max(first, key=lambda video: first[video][m]) for m in range(2)}
    assert {one.video for one in passes.found} == best
    wanted = expected(library)
    for one in passes.found:
        np.testing.assert_allclose(one.scores, wanted[one.video], atol=1e-6)
    assert passes.passes == 2 * (2 * NUMBER + CLIPS * len(best))


def test_two_passes__video_with_fewer_clips(
    library: VideoLibrary, videos: Path
) -> None:
    (row, *_) = library.store.videos()
    library.store._clips.delete(f'video = {row.video} AND clip > 0')
    passes = search_in_two_passes(library.store, library._model, TEXTS)
    found = {one.video: len(one.times) for one in passes.found}
    assert found[row.video] == 1
    assert len(found) == NUMBER


@pytest.mark.slow
@torch.no_grad()
def test_by_student__scores_the_nearest_of_each_text(
    library: VideoLibrary,
) -> None:
    assert tiers_of(library.store) == ('exact', 'cascade')
    tables = StudentTables(library.store)
    tables.save(make_student(library._model, library.store.description.width))
    assert tiers_of(library.store) == ('exact', 'cascade', 'student')
    student = tables.load(library._model)
    nearest = [
        tables.nearest(student, text, 1)[0]
        for text in embed_queries(student, library._model, TEXTS)
    ]
    passes = search_by_student(library.store, library._model, TEXTS, kept=1)
    assert {one.video for one in passes.found} == set(nearest)
    assert passes.tier == 'student'
    assert passes.passes == len(TEXTS) * CLIPS * len(set(nearest))
    wanted = expected(library)
    for one in passes.found:
        np.testing.assert_allclose(one.scores, wanted[one.video], atol=1e-6)


@pytest.mark.slow
def test_student__scores_a_part_of_a_large_index(
    library: VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    StudentTables(library.store).save(
        make_student(library._model, library.store.description.width)
    )
    monkeypatch.setattr(searching, 'KEPT_VIDEOS', 1)
    monkeypatch.setattr(searching, 'KEPT_FRACTION', 2 / NUMBER)
    passes = search_by_student(library.store, library._model, TEXTS[:1])
    assert (len(passes.found), passes.passes) == (2, 2 * CLIPS)


@pytest.mark.slow
def test_among__scores_no_others(library: VideoLibrary) -> None:
    some = [row.video for row in library.videos() if row.clips][1:3]
    passes = search_among(library.store, library._model, TEXTS, [*some, 999])
    assert [one.video for one in passes.found] == some
    assert (passes.tier, passes.passes) == ('outside', 2 * 2 * CLIPS)
    wanted = expected(library)
    for one in passes.found:
        np.testing.assert_allclose(one.scores, wanted[one.video], atol=1e-6)


@pytest.mark.parametrize(
    'clips, wanted, positions',
    [(16, 2, [4, 12]), (1, 2, [0]), (3, 2, [0, 2]), (5, 1, [2])],
)
def test_first_positions__are_spread(
    clips: int, wanted: int, positions: list[int]
) -> None:
    assert first_positions(clips, wanted) == positions


def test_choose_tier__by_size() -> None:
    assert [choose_tier(n) for n in (0, 4096, 4097)] == [
        'exact',
        'exact',
        'cascade',
    ]
    assert choose_tier(4096, has_student=True) == 'exact'
    assert choose_tier(4097, has_student=True) == 'student'
