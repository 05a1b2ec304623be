# Copyright (c) clipbert_mm contributors.
"""Tests of the table of questions."""

import numpy as np

from clipbert_mm.annotations.questions import Question
from clipbert_mm.datasets.tables.question_table import QuestionTable


def question_of(number: int, **values: object) -> Question:
    blank = Question('what?', 'v0', number, number + 1, None, (), None, None)
    return blank._replace(**values)  # type: ignore[arg-type]


def test_question_table__labels_of_answers() -> None:
    answers = ['dog', 'cat', 'man']
    table = QuestionTable(
        [
            question_of(i, answer=answer, answer_type=answer[0])
            for i, answer in enumerate(answers)
        ],
        ['cat', 'dog'],
    )
    labels = table.answer_labels([2, 0, 1])
    assert labels is not None
    assert labels.tolist() == [-1, 1, 0]
    assert table.answer_types([2, 0]) == ['m', 'd']
    assert table.soft_labels([0]) is None


def test_question_table__options_follow_the_question() -> None:
    table = QuestionTable(
        [
            question_of(0, options=('a', 'b'), answer=1),
            question_of(1, options=('c', 'd'), answer=0, text=''),
        ]
    )
    assert table.texts_of(0) == ['what? a', 'what? b']
    assert table.texts_of(1) == ['c', 'd']
    labels = table.answer_labels([0, 1])
    assert labels is not None
    assert labels.tolist() == [1, 0]


def test_question_table__scores_of_the_vocabulary() -> None:
    table = QuestionTable(
        [
            question_of(0, soft_labels=dict(cat=0.3, man=1.0)),
            question_of(1, soft_labels={}),
            question_of(2, soft_labels=dict(dog=0.6, cat=0.9)),
        ],
        ['cat', 'dog'],
    )
    scores = table.soft_labels([2, 1, 0])
    assert scores is not None
    np.testing.assert_array_equal(
        scores, np.float32([[0.9, 0.6], [0, 0], [0.3, 0]])
    )
    assert table.answer_labels([0]) is None
