# Copyright (c) clipbert_mm contributors.
"""Tests of the kinds of JSON values, on one value of each kind."""

from collections.abc import Callable
from typing import Any

import pytest

from clipbert_mm.annotations.json_values import (
    is_identifier,
    is_integer,
    is_object,
    is_string,
    is_text,
)

VALUES: dict[str, Any] = dict(
    text='a',
    digits='7',
    blank=' \t\u2003',
    empty='',
    integer=7,
    zero=0,
    true=True,
    false=False,
    number=7.0,
    null=None,
    list=['a'],
    object={'a': 1},
    nothing={},
)
STRINGS = {'text', 'digits', 'blank', 'empty'}
TEXTS = {'text', 'digits'}
INTEGERS = {'integer', 'zero'}


@pytest.mark.parametrize(
    'test, kinds',
    [
        (is_string, STRINGS),
        (is_text, TEXTS),
        (is_integer, INTEGERS),
        (is_identifier, TEXTS | INTEGERS),
        (is_object, {'object', 'nothing'}),
    ],
)
def test_values__of_each_kind(
    test: Callable[[Any], bool], kinds: set[str]
) -> None:
    results = {name: test(value) for name, value in VALUES.items()}
    assert all(isinstance(result, bool) for result in results.values())
    assert {name for name, result in results.items() if result} == kinds
