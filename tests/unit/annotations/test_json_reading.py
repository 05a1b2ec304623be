# Copyright (c) clipbert_mm contributors.
"""Tests of JSON with line numbers, compared with the json module."""

import json
import re
from typing import Any

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.json_reading import (
    json_lines,
    json_members,
)


def test_json_lines__counts_blank_lines() -> None:
    records = list(json_lines('a.jsonl', '{"a": 1}\n\n \t\n{"a": [2]}\r\n'))
    assert [(r.line, r.values) for r in records] == [
        (1, {'a': 1}),
        (4, {'a': [2]}),
    ]


@pytest.mark.parametrize(
    'text, message',
    [
        ('{"a": 1}\n{"a":', '^a.jsonl:2: this line is not JSON: '),
        ('\n"a"', "^a.jsonl:2: expected a JSON object, .* but got 'a'"),
    ],
)
def test_json_lines__refuses_other_lines(text: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        list(json_lines('a.jsonl', text))


@pytest.mark.parametrize('indent', [None, 2])
@pytest.mark.parametrize(
    'value', [[], {}, [1, 'a', {'b': [2]}], {'a': {'b': None}, 'c': '\n,]'}]
)
def test_json_members__equal_those_of_json(value: Any, indent: int) -> None:
    text = json.dumps(value, indent=indent)
    found = list(json_members('a.json', text))
    if isinstance(value, dict):
        assert {key: own for _, key, own in found} == value
    else:
        assert [own for _, _, own in found] == value
        assert {key for _, key, _ in found} <= {None}
    lines = [1] * len(value)
    if indent:  # those of a member's own depth, without its closing bracket
        lines = [
            number
            for number, line in enumerate(text.split('\n'), 1)
            if re.match(r'  [^ \]}]', line)
        ]
    assert [line for line, _, _ in found] == lines


def test_json_members__keeps_repeated_keys() -> None:
    text = '{"a": 1,\n"a": 2}'
    assert list(json_members('a.json', text)) == [(1, 'a', 1), (2, 'a', 2)]


@pytest.mark.parametrize(
    'text, message',
    [
        ('{"a": 1,\n"b": [{"c": 1,\n"c": 2}]}', "3: the key 'c' is repeated."),
        ('[1,\n' + '9' * 5000 + ']', '2: an integer has more than 4,300 dig'),
        ('["a",\n"\\udc00"]', '2: the string "\\\\udc00" has half of a char'),
        ('[1,\n\n' + '[' * 9999, '3: a value is nested more than 64 levels'),
        ('{"a": 1,\n[]: 2}', '2: this file is not JSON: expected a key in d'),
    ],
)
def test_json_members__refused_values_have_a_line(
    text: str, message: str
) -> None:
    with pytest.raises(AnnotationError, match=f'^a.json:{message}'):
        list(json_members('a.json', text))


def test_json_lines__repeated_key() -> None:
    text = '{"caption": "a"}\n{"caption": "a", "caption": "b"}'
    with pytest.raises(
        AnnotationError, match="^a.jsonl:2: the key 'caption' is repeated.$"
    ):
        list(json_lines('a.jsonl', text))
