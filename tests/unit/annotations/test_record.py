# Copyright (c) clipbert_mm contributors.
"""Tests of the record: every error names the file and the place."""

from typing import Any

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.record import Record, to_record


def record_of(**values: Any) -> Record:
    return Record('a.jsonl', 3, values)


@pytest.mark.parametrize(
    'record, where',
    [
        (Record('a.jsonl', 3, {}), 'a.jsonl:3'),
        (Record('a.json', 1, {}, 'record[7]'), 'a.json:1: record[7]'),
        (Record('a.json', None, {}), 'a.json'),
        (Record('a.json', None, {}, 'videos[0]'), 'a.json: videos[0]'),
    ],
)
def test_record__names_its_place(record: Record, where: str) -> None:
    assert record.where == where
    assert str(record.error('no media.')) == f'{where}: no media.'


def test_record__returns_valid_members() -> None:
    record = record_of(
        text='a', blank=' ', number=7, written='-7', name='v0', list=[1, 'a']
    )
    assert record.text('text') == 'a'
    assert record.text('blank', allow_blank=True) == ' '
    assert record.integer('number') == 7
    assert record.integer('number', least=7, most=7) == 7
    assert record.integer('written', least=-7, digits=True) == -7
    assert [record.identifier(key) for key in ('number', 'name')] == [7, 'v0']
    assert record.items('list') == [1, 'a']
    assert 'text' in record
    assert 'texts' not in record


@pytest.mark.parametrize(
    'call, message',
    [
        (
            lambda r: r.text('gone'),
            r'"gone" is missing; got \[.*\]. Check that this is the right',
        ),
        (lambda r: r.text('blank'), '"blank" must be a non-empty string, .* '),
        (lambda r: r.text('number'), 'must be a non-empty string, but got 7'),
        (
            lambda r: r.text('number', allow_blank=True),
            '"number" must be a string, but got 7',
        ),
        (lambda r: r.integer('text'), "must be an integer, but got 'a'"),
        (lambda r: r.integer('true'), 'must be an integer, but got True'),
        (
            lambda r: r.integer('number', least=8),
            '"number" must be an integer >= 8, but got 7',
        ),
        (
            lambda r: r.integer('number', least=0, most=4),
            r'"number" must be an integer in \[0, 4\], but got 7',
        ),
        (
            lambda r: r.integer('number', digits=True),
            '"number" must be an integer, but got 7',
        ),
        (
            lambda r: r.integer('text', digits=True),
            '"text" must be an integer, but got \'a\'',
        ),
        (
            lambda r: r.identifier('blank'),
            'must be an integer or a non-empty string, but got',
        ),
        (lambda r: r.items('text'), "must be a list, but got 'a'"),
        (
            lambda r: r.items('list', str),
            r'"list"\[0\] must be a string, but got 1',
        ),
        (
            lambda r: r.items('list', int),
            r'"list"\[1\] must be an integer, but got \'a\'',
        ),
        (
            lambda r: r.texts('list'),
            r'"list"\[0\] must be a non-empty string, but got 1',
        ),
        (
            lambda r: r.records('list'),
            r'list\[0\]: expected a JSON object, .* but got 1',
        ),
        (lambda r: r.records('empty'), '"empty" must not be empty'),
    ],
)
def test_record__refuses_other_members(call: Any, message: str) -> None:
    record = record_of(
        text='a', blank=' ', number=7, true=True, list=[1, 'a'], empty=[]
    )
    with pytest.raises(AnnotationError, match=f'^a.jsonl:3: .*{message}'):
        call(record)


def test_records__know_the_place_of_their_parents() -> None:
    outer = Record('a.json', 1, dict(regions=[dict(id=3), {}]), 'record[2]')
    inner = outer.records('regions')
    assert inner[0].integer('id') == 3
    with pytest.raises(
        AnnotationError,
        match=r'^a.json:1: record\[2\]: regions\[1\]: "id" is missing',
    ):
        inner[1].integer('id')
    assert record_of(regions=[]).records('regions', allow_empty=True) == []


@pytest.mark.parametrize(
    'values, message',
    [
        (
            dict(a=1, c=2),
            r"unknown keys \['c'\]; known are \['a', 'b'\]. Remove or rename",
        ),
        (dict(b=1), r"the keys \['a'\] are missing; got \['b'\]"),
    ],
)
def test_check_keys__refuses_unknown_and_missing_keys(
    values: dict, message: str
) -> None:
    record_of(a=1).check_keys({'a', 'b'}, {'a'})
    with pytest.raises(AnnotationError, match=f'^a.jsonl:3: {message}'):
        record_of(**values).check_keys({'a', 'b'}, {'a'})


def test_to_record__refuses_other_values() -> None:
    with pytest.raises(
        AnnotationError,
        match=r'^a.json:4: expected a JSON object, {"key": value, \.\.\.}, '
        r'but got \[1\]\.$',
    ):
        to_record('a.json', 4, [1])


@pytest.mark.parametrize('value', ['', ' 1', '1_0', '\u0663', '7' * 5000, 1])
def test_integer__digits_are_plain(value: object) -> None:
    record = Record('a.csv', 2, dict(answer=value))
    with pytest.raises(
        AnnotationError, match='^a.csv:2: "answer" must be an integer, but got'
    ):
        record.integer('answer', digits=True)
    assert Record('a', 2, dict(b='-7')).integer('b', digits=True) == -7
