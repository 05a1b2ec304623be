# Copyright (c) clipbert_mm contributors.
"""Tests of the options of a question."""

import pytest

from clipbert_mm.apis.question_options import check_options, join_question


@pytest.mark.parametrize(
    'options, number, error, message',
    [
        ('red', None, TypeError, "the string 'red'. Put it in brackets"),
        (['red', 3], None, TypeError, r'options\[1\] must be a string'),
        (['red', ' '], None, ValueError, r'options\[1\] must not be empty'),
        (['red'], None, ValueError, r"at least 2 options, but got 1: \['red"),
        (['a', 'b', 'c'], 5, ValueError, 'must be 5 options, but got 3'),
    ],
)
def test_check_options__wrong(
    options: object, number: int | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_options(options, number)


def test_check_options__name_of_the_argument() -> None:
    for options in ('red', ['red', 3]):
        with pytest.raises(TypeError, match=r'^options\[2\](\[1\])? must'):
            check_options(options, None, 'options[2]')


def test_check_options__any_iterable() -> None:
    assert check_options((o for o in ('a', 'b')), 2) == ['a', 'b']


def test_join_question__empty_questions() -> None:
    for question in ('', ' \t'):
        assert join_question(question, ['a', 'b']) == ['a', 'b']
    with pytest.raises(TypeError, match='question must be one string'):
        join_question(None, ['a', 'b'])
