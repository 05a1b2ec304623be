# Copyright (c) clipbert_mm contributors.
"""Tests of the reading of official files, against json and csv."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.official.files import (
    read_list,
    read_mapping,
    read_object,
    read_rows,
    read_table,
)
from tests.toolbox.converting import write


@pytest.mark.parametrize('indent', [None, 2])
def test_read_list__equals_json(tmp_path: Path, indent: int | None) -> None:
    content = [dict(a=1), dict(b=['x', '\n'])]
    path = write(tmp_path / 'a.json', json.dumps(content, indent=indent))
    records = list(read_list(path))
    assert [record.values for record in records] == content
    assert [record.where for record in records] == (
        [f'{path}:1: record[0]', f'{path}:1: record[1]']
        if indent is None
        else [f'{path}:2: record[0]', f'{path}:5: record[1]']
    )


def test_read_rows__equals_json(tmp_path: Path) -> None:
    content = [['what?', 'a', 0], ['where?', 'b', 1]]
    path = write(tmp_path / 'a.json', json.dumps(content, indent=2))
    records = list(read_rows(path, ('q', 'a', 'i')))
    assert [list(record.values.values()) for record in records] == content
    assert list(records[0].values) == ['q', 'a', 'i']
    assert [record.where for record in records] == [f'{path}:2', f'{path}:7']


def test_read_mapping__keys_are_places(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.json', '{"v_a": {"b": 1},\n"v_c": {}}')
    found = list(read_mapping(path))
    assert [(key, record.values) for key, record in found] == [
        ('v_a', dict(b=1)),
        ('v_c', {}),
    ]
    assert found[1][1].where == f"{path}:2: 'v_c'"


def test_read_object__is_one_record(tmp_path: Path) -> None:
    content = dict(videos=[dict(id=3)], info='x')
    record = read_object(write(tmp_path / 'a.json', content))
    assert record.values == content
    assert record.records('videos')[0].where == (
        f'{tmp_path / "a.json"}: videos[0]'
    )


@pytest.mark.parametrize('delimiter', [',', '\t'])
def test_read_table__equals_csv(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join('ab') + '\r\n\r\n' + delimiter.join(['1', '"x ""y"'])
    path = write(tmp_path / 'a.csv', text)
    (record,) = read_table(path, ['b', 'a'], delimiter)
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    assert [record.values] == list(rows) == [dict(a='1', b='x "y')]
    assert record.where == f'{path}:3'


@pytest.mark.parametrize(
    'read, content, message',
    [
        (read_list, {'a': 1}, ':1: expected a list .* an object with'),
        (read_list, [[1]], r':1: record\[0\]: expected a JSON object'),
        (read_list, [], ':1: there are no records in this file'),
        (read_mapping, ['a'], ':1: expected an object .* but got a list'),
        (
            read_mapping,
            '{"a": {},\n\n"a": {}}',
            ":3: 'a' already occurs in line 1. Remove one of them",
        ),
        (read_mapping, {'a': 3}, ":1: 'a': expected a JSON object.* got 3"),
        (read_object, '{"a": 1', ':1: this file is not JSON'),
    ],
)
def test_read__refuses_other_json(
    read: Any, content: Any, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path / 'a.json', content)
    with pytest.raises(AnnotationError, match=f'^{path}{message}'):
        list(read(path))


@pytest.mark.parametrize(
    'content, message',
    [
        ('a,c\n1,2\n', r":1: the columns \['b'\] are missing; got \['a', 'c'"),
        ('', r":1: the columns \['a', 'b'\] are missing"),
        ('a,b\n', ':1: there are no rows below this'),
        ('a,b\n1\n', r":2: expected 2 columns, but got 1: \['1'\]"),
        ('a,b\n1,"x\ny"\n', ':2: a quotation mark .* only ends in line 3'),
    ],
)
def test_read_table__refuses_other_tables(
    content: str, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path / 'a.csv', content)
    with pytest.raises(AnnotationError, match=f'^{path}{message}'):
        list(read_table(path, ['a', 'b'], ','))


def test_read__names_a_missing_file(tmp_path: Path) -> None:
    path = str(tmp_path / 'none.json')
    for read in (read_object, read_list, read_mapping):
        with pytest.raises(FileNotFoundError, match=f"no file '{path}'"):
            list(read(path))  # type: ignore[operator]


def test_read_table__column_named_twice(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.csv', 'a,b,a\n1,2,3\n')
    with pytest.raises(
        AnnotationError,
        match=r"a.csv:1: a column is named twice; got \['a', 'b', 'a'\]",
    ):
        list(read_table(path, ['a'], ','))
