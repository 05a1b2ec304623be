# Copyright (c) clipbert_mm contributors.
"""Tests of the questions of a call."""

from pathlib import Path

import pytest

from clipbert_mm.apis.asked_questions import (
    AskedQuestion,
    as_asked,
    read_questions,
)
from clipbert_mm.models import (
    MultipleChoiceTask,
    OpenEndedQATask,
    RetrievalTask,
)

CHOICE = MultipleChoiceTask(num_options=2)
CAPTIONS = RetrievalTask()
BOTH = ['it runs', 'it sits']


def test_read_questions__answers_of_the_model() -> None:
    task = OpenEndedQATask(['red', 'blue'])
    assert read_questions(task, (q for q in ('what', 'which')), None) == [
        AskedQuestion(['red', 'blue'], ['what']),
        AskedQuestion(['red', 'blue'], ['which']),
    ]


def test_read_questions__options_of_all_or_of_each() -> None:
    for_all = read_questions(CHOICE, ['why', 'how'], iter(BOTH))
    assert for_all == [
        AskedQuestion(BOTH, ['why it runs', 'why it sits']),
        AskedQuestion(BOTH, ['how it runs', 'how it sits']),
    ]
    assert for_all[:1] == read_questions(CHOICE, 'why', tuple(BOTH))
    of_each = read_questions(CAPTIONS, ['', 'how'], (BOTH, ['a', 'b', 'c']))
    assert of_each == [
        AskedQuestion(BOTH, BOTH),
        AskedQuestion(['a', 'b', 'c'], ['how a', 'how b', 'how c']),
    ]


@pytest.mark.parametrize(
    'questions, options, error, message',
    [
        (None, BOTH, TypeError, '^questions must be a string or a list'),
        (['a', 3], BOTH, TypeError, r'^questions\[1\] must be a string'),
        ([], BOTH, ValueError, '^questions must hold at least one'),
        (['a', ' '], BOTH, ValueError, r'^questions\[1\] must not be empty'),
        ('a', 3, TypeError, '^options must be a string or a list'),
        ('a', 'red', TypeError, "^options .* the string 'red'"),
        ('a', [BOTH], TypeError, r'^options\[0\] must be a string'),
        (['a'], [['a']], ValueError, "2 options, but got 1: .'a'"),
        (['a'], [BOTH, 'b'], TypeError, r'^options\[0\] must be a string'),
        (['a'], [['b', 3]], TypeError, r'^options\[0\]\[1\] must be a'),
        (['a', 'b'], [BOTH], ValueError, 'each of the 2 .* got 1 lists'),
        (['a', 'b'], [], ValueError, 'each of the 2 .* got 0 lists'),
    ],
)
def test_read_questions__wrong(
    questions: object, options: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_questions(CHOICE, questions, options)


def test_as_asked__one_or_many_of_each() -> None:
    table = [['a1', 'a2'], ['b1', 'b2']]
    videos, questions = ['a.mp4', 'b.mp4'], ['1', '2']
    assert as_asked(table, videos, questions) == table
    assert as_asked([['a1'], ['b1']], videos, '1') == ['a1', 'b1']
    assert as_asked(table[:1], Path('a.mp4'), questions) == ['a1', 'a2']
    assert as_asked([['a1']], 'a.mp4', '1') == 'a1'
    assert as_asked([['a1']], ['a.mp4'], ['1']) == [['a1']]
