# Copyright (c) clipbert_mm contributors.
"""Tests of distilling a student, against the cross-encoder's own scores."""

import numpy as np
import pytest
import torch

from clipbert_mm.apis import demo_rows
from clipbert_mm.library import LibraryError, VideoLibrary
from clipbert_mm.library import distilling as module
from clipbert_mm.library.distilling import (
    GridSample,
    Lesson,
    batch_loss,
    log_odds,
    make_lessons,
    measure_recall,
    train,
)
from clipbert_mm.library.searching import search_exactly
from clipbert_mm.library.student_tables import embed_queries, make_student

from .conftest import CLIPS, NUMBER

TEXTS = ['a big red ring moves at the left', 'a small blue cross']


def sample_of(library: VideoLibrary, number: int = 100) -> GridSample:
    return GridSample(library.store, number, np.random.default_rng(0))


@pytest.mark.slow
def test_lessons__hard_and_random_candidates_with_exact_scores(
    library: VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, '_HARD', 2)
    monkeypatch.setattr(module, '_RANDOM', 3)
    sample = sample_of(library)
    rng = np.random.default_rng(0)
    lessons = make_lessons(library._model, TEXTS, sample, rng)
    exact = search_exactly(library.store, library._model, TEXTS).found
    firsts = [sample.features(i, 2) for i in range(len(sample))]
    first, _ = library._model.scores(firsts, TEXTS)
    for m, lesson in enumerate(lessons):
        assert lesson.text == TEXTS[m]
        best = np.argsort(-first[:, m], kind='stable')[:2]
        assert lesson.candidates[:2].tolist() == best.tolist()
        assert len(set(lesson.candidates.tolist())) == 5
        assert lesson.passes == 2 * NUMBER + 5 * CLIPS
        scores = [exact[i].scores[m] for i in lesson.candidates]
        odds = [np.log(s / (1 - s)) for s in scores]
        np.testing.assert_allclose(lesson.logits, odds, atol=1e-2)


def test_log_odds__stay_finite() -> None:
    found = log_odds(np.array([0.0, 0.25, 1.0], np.float32))
    assert np.isfinite(found).all()
    assert found[1] == pytest.approx(np.log(0.25 / 0.75))
    assert found[0] == pytest.approx(-found[2])


@pytest.mark.slow
def test_sample__clips_of_a_short_video_come_again(
    library: VideoLibrary,
) -> None:
    (row, *_) = library.store.videos()
    library.store._clips.delete(f'video = {row.video} AND clip > 2')
    sample = sample_of(library)
    assert len(sample) == NUMBER
    drawn = sample.draw_clips([0, 1])
    assert drawn.shape[:2] == (2, CLIPS)
    assert len(drawn[0].unique(dim=0)) == 3
    assert len(drawn[1].unique(dim=0)) == CLIPS
    assert len(sample_of(library, 2)) == 2


@pytest.mark.slow
def test_train__the_student_learns_the_ranking(library: VideoLibrary) -> None:
    sample = sample_of(library)
    texts = [row['caption'] for row in demo_rows()][:6]
    rng = np.random.default_rng(0)
    lessons = make_lessons(library._model, texts, sample, rng)
    torch.manual_seed(0)
    student = make_student(library._model, library.store.description.width)
    before = batch_loss(student, library._model, lessons, sample).item()
    train(student, library._model, lessons, sample, steps=120)
    assert not student.training
    after = batch_loss(student, library._model, lessons, sample).item()
    assert after < before / 2, (before, after)
    ranks = []
    with torch.no_grad():
        vectors = embed_queries(student, library._model, texts)
        for vector, lesson in zip(vectors, lessons):
            scores = [
                float((student.embed_clips(tokens) @ vector).max())
                for tokens in (
                    sample.features(i).tokens for i in lesson.candidates
                )
            ]
            ranks.append(np.argmax(scores) == np.argmax(lesson.logits))
    assert np.mean(ranks) > 0.6


def test_measure_recall__fraction_of_kept_best_videos(
    library: VideoLibrary,
) -> None:
    sample = sample_of(library)
    student = make_student(library._model, library.store.description.width)
    lessons = [
        Lesson(TEXTS[0], np.arange(NUMBER), np.eye(NUMBER)[best], 0)
        for best in range(NUMBER)
    ]
    found = measure_recall(student, library._model, lessons, sample, 1)
    assert found == pytest.approx(1 / NUMBER)  # one of the videos is its best
    assert np.isnan(measure_recall(student, library._model, [], sample, 1))


def test_kept_of__as_large_a_part_as_a_search_scores(
    library: VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module, 'student_candidates', lambda videos, clips: videos / 2
    )
    half = sample_of(library)
    assert module._kept_of(library.store, half) == -(-NUMBER // 2)


def test_distill__empty_index(tmp_path: object) -> None:
    library = VideoLibrary.create(f'{tmp_path}/index', clips=1)
    with pytest.raises(LibraryError, match='the index holds 0. Index more'):
        library.distill(TEXTS)
