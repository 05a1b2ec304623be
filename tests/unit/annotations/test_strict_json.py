# Copyright (c) clipbert_mm contributors.
"""Tests of JSON that is read strictly, compared with the json module."""

import json
import re
from typing import Any

import pytest

from clipbert_mm.annotations.strict_json import (
    MAX_DEPTH,
    StrictJSONError,
    decode,
    decode_all,
)


def nested(depth: int) -> str:
    return '[' * depth + ']' * depth


@pytest.mark.parametrize(
    'value',
    [
        None,
        True,
        -3,
        0.25,
        1e300,
        10**4299,
        'ü "\\ \n',
        '😀',
        [],
        {},
        [{'a': {'a': [1, {'b': 2}]}}, {'a': 3}],
        [[i] for i in range(200)],
    ],
)
@pytest.mark.parametrize('ensure_ascii', [True, False])
def test_decode__equals_json(value: Any, ensure_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=ensure_ascii)
    assert decode_all(f'\n {text}\t') == value
    assert decode(f'[{text}, 1]', 1) == (value, len(text) + 1)


@pytest.mark.parametrize(
    'text, reason, position',
    [
        ('{"a": 1, "a": 2}', "the key 'a' is repeated", 9),
        ('[{"b": {"a": 1, "\\u0061": 2}}]', "the key 'a' is repeated", 16),
        ('{"a": {"a": 1}, "b": ":", "b": 2}', "the key 'b' is repeated", 26),
        ('["", ' + '9' * 4301 + ']', 'an integer has more than 4,300 ', 5),
        ('[1, "a\\ud800"]', 'the string "a\\ud800" has half of a char', 4),
        ('{"\\uDE00": 1}', 'the string "\\uDE00" has half of a', 1),
        (nested(MAX_DEPTH + 2), 'a value is nested more than 64 levels', 0),
        (nested(100_000), 'a value is nested more than 64 levels', 0),
        ('{"a":' * 100_000, 'a value is nested more than 64 levels', 0),
        ('{"a" 1}', "Expecting ':' delimiter", 5),
        ('', 'Expecting value', 0),
        ('1 2', 'Extra data', 1),
    ],
)
def test_decode__refuses(text: str, reason: str, position: int) -> None:
    with pytest.raises(StrictJSONError, match=f'^{re.escape(reason)}') as info:
        decode_all(text)
    assert info.value.position == position


def test_decode__nested_as_deep_as_allowed() -> None:
    text = nested(MAX_DEPTH)
    assert decode_all(text) == json.loads(text)
