# Copyright (c) clipbert_mm contributors.
"""Tests of the soft labels of VQA 2.0, against the official formula."""

import random

import pytest
from mmaction.evaluation import VQAAcc

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.official.vqa_labels import plain, soft_labels
from clipbert_mm.annotations.record import Record


def official_accuracy(answer: str, given: list[str]) -> float:
    """Return the mean of ten leave-one-out accuracies, as the challenge."""
    accuracies = []
    for left_out in range(len(given)):
        others = [a for i, a in enumerate(given) if i != left_out]
        accuracies.append(min(1, others.count(answer) / 3))
    return sum(accuracies) / len(accuracies)


def test_soft_labels__equal_the_official_accuracy() -> None:
    rng = random.Random(0)
    normalised = VQAAcc()._process_answer
    choices = ['cat', 'a cat', 'Cat.', 'two', '2', 'dont', "don't", 'bat']
    scores = set()
    for _ in range(200):
        given = rng.choices(choices[: rng.randint(1, 8)], k=10)
        record = Record(
            'a.json', 1, dict(answers=[dict(answer=a) for a in given])
        )
        labels = soft_labels(record)
        plain_ones = [normalised(answer) for answer in given]
        assert set(labels) == set(plain_ones)
        for answer, score in labels.items():
            assert score == pytest.approx(
                official_accuracy(answer, plain_ones)
            )
        scores.update(labels.values())
    assert scores == {0.3, 0.6, 0.9, 1.0}


def test_soft_labels__need_ten_annotators() -> None:
    record = Record('a.json', 1, dict(answers=[dict(answer='yes')]))
    with pytest.raises(
        AnnotationError, match='^a.json:1: expected 10 answers, but got 1. Fix'
    ):
        soft_labels(record)


def test_plain__is_never_empty() -> None:
    assert [plain(answer) for answer in ('The', '?', '', 'A cat')] == [
        'a',
        'a',
        'a',
        'cat',
    ]
