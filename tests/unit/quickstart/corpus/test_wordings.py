# Copyright (c) clipbert_mm contributors.
"""Tests of the words of questions: agreement, and types by wording."""

import pytest

from clipbert_mm.quickstart.corpus.events import Scene
from clipbert_mm.quickstart.corpus.wordings import (
    CHOICE_QUESTIONS,
    OPEN_QUESTIONS,
    question_type,
    words_of,
)


def test_words_of__agree_with_the_number_of_figures() -> None:
    one = words_of(Scene('red', 'square', 1, (('slide', 1), ('jump', 2))))
    assert one == dict(
        colour='red',
        shapes='square',
        figures='figure',
        do='does',
        be='is',
        action='slide',
        doing='sliding',
        then_doing='jumping',
        times='once',
    )
    four = words_of(Scene('red', 'square', 4, (('slide', 5),)))
    assert [four[name] for name in ('shapes', 'figures', 'do', 'be')] == [
        'squares',
        'figures',
        'do',
        'are',
    ]
    assert four['times'] == 'five times'


@pytest.mark.parametrize('number', [1, 3])
@pytest.mark.parametrize('asked', [OPEN_QUESTIONS, CHOICE_QUESTIONS])
def test_question_type__of_every_wording(
    asked: dict[str, tuple[str, ...]], number: int
) -> None:
    actions = (('jump', 2), ('flash', 2))
    words = words_of(Scene('blue', 'ring', number, actions))
    for kind, wordings in asked.items():
        for wording in wordings:
            assert question_type(wording.format(**words)) == kind, wording


def test_question_type__unknown() -> None:
    with pytest.raises(ValueError, match="but got 'why is it red'"):
        question_type('why is it red')
