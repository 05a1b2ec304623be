# Copyright (c) clipbert_mm contributors.
"""Tests of the accuracies of answers and of guessing."""

import pytest

from clipbert_mm.quickstart.tasks import answer_scores

COLOUR, NUMBER = 'what colour are the rings', 'how many red figures do you see'
CHOICE = dict(question='what do you see', options=list('abcde'), answer=3)


def asked(*pairs: tuple[str, str]) -> list[dict]:
    return [dict(question=q, answer=a) for q, a in pairs]


def test_guesses__most_frequent_answer_of_each_type() -> None:
    known = asked(
        (COLOUR, 'red'), (COLOUR, 'blue'), (COLOUR, 'blue'), (NUMBER, 'two')
    )
    questions = asked((NUMBER, 'one'), (COLOUR, 'blue'), (COLOUR, 'red'))
    found = answer_scores.guesses(known, questions)
    assert found == ['two', 'blue', 'blue']
    assert answer_scores.accuracies(questions, found) == pytest.approx(
        dict(all=100 / 3, number=0, colour=50)
    )


def test_guesses__random_option() -> None:
    found = answer_scores.guesses([], [CHOICE] * 3)
    assert answer_scores.accuracies([CHOICE] * 3, found) == pytest.approx(
        dict(all=20, description=20)
    )
    assert answer_scores.accuracies([CHOICE] * 2, [3, 0])['all'] == 50


def test_given_answers__in_the_order_of_the_questions() -> None:
    saved = [
        dict(question_id=1, answer='two'),
        dict(question_id=0, answer='red'),
    ]
    questions = asked((COLOUR, 'red'), (NUMBER, 'one'))
    assert answer_scores.given_answers(questions, saved) == ['red', 'two']
    assert answer_scores.given_answers(
        [CHOICE], [dict(question_id=0, label=4)]
    ) == [4]
