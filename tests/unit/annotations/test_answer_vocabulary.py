# Copyright (c) clipbert_mm contributors.
"""Tests of the answer vocabulary: its file, and how it is made."""

import json
from pathlib import Path
from typing import Any

import pytest
import transformers

from clipbert_mm.annotations.answer_vocabulary import (
    build_vocabulary,
    coverage,
    read_vocabulary,
    write_vocabulary,
)
from clipbert_mm.annotations.errors import AnnotationError

ANSWERS = ['couch', 'at table', 'naïve "quoted"', '', '10']


def write(folder: Path, content: str) -> str:
    path = folder / 'v.json'
    path.write_text(content, encoding='utf-8')
    return str(path)


@pytest.mark.parametrize('indent', [None, 1])
def test_read_vocabulary__by_label_not_by_place(
    tmp_path: Path, indent: int
) -> None:
    content = json.dumps({'b': 1, 'c': 2, 'a': 0}, indent=indent)
    assert read_vocabulary(write(tmp_path, content)) == ['a', 'b', 'c']


def test_read_vocabulary__takes_a_list_as_it_is() -> None:
    assert read_vocabulary(('b', 'a')) == ['b', 'a']


def test_write_vocabulary__is_json_with_one_answer_per_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / 'v.json'
    write_vocabulary(str(path), ANSWERS)
    text = path.read_text(encoding='utf-8')
    assert json.loads(text) == {a: i for i, a in enumerate(ANSWERS)}
    assert [line for line in text.splitlines() if ':' in line][
        2
    ] == '"naïve \\"quoted\\"": 2,'
    assert len(text.splitlines()) == len(ANSWERS) + 2
    assert read_vocabulary(str(path)) == ANSWERS


@pytest.mark.parametrize(
    'content, message',
    [
        (
            '{"a": 0,\n"b": 2}',
            ':2: the labels of 2 answers must be 0 to 1, each once, but got '
            '2 for '
            "'b'",
        ),
        (
            '{"a": 0,\n"b": 0}',
            ":2: the label 0 of 'b' is already that of 'a' in line 1",
        ),
        ('{"a": 0,\n\n"a": 1}', ":3: the answer 'a' already occurs in line 1"),
        (
            '{"a": -1}',
            ':1: "a" must be an integer >= 0, but got -1',
        ),
        ('{"a": 0.0}', ':1: "a" must be an integer.*but got 0.0'),
        ('{"a": true}', ':1: "a" must be an integer.*but got True'),
        (
            '["a",\n"b"]',
            r':1: expected the members {\"answer\": label}, but got '
            "'?a",
        ),
        ('{}', ':1: there are no answers'),
        ('{"a": 0', ':1: this file is not JSON'),
        ('', ':1: this file is empty'),
    ],
)
def test_read_vocabulary__wrong_file(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(AnnotationError, match='v.json' + message):
        read_vocabulary(write(tmp_path, content))


def test_read_vocabulary__missing_file() -> None:
    with pytest.raises(FileNotFoundError, match="'none.json'.*vocabulary"):
        read_vocabulary('none.json')


@pytest.mark.parametrize(
    'answers, message',
    [
        (['a', 'b', 'a'], "every answer once, but got 'a' 2 times"),
        (['a', 3], 'must be one or more strings, but got 3'),
        ([], r'one or more strings, but got \[\]'),
    ],
)
def test_vocabulary__wrong_answers(
    tmp_path: Path, answers: list[Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_vocabulary(answers)
    with pytest.raises(ValueError, match=message):
        write_vocabulary(str(tmp_path / 'v.json'), answers)
    assert not (tmp_path / 'v.json').exists()


@pytest.mark.parametrize(
    'options, expected',
    [
        (dict(), ['cat', 'ant', 'dog', 'bee']),
        (dict(size=2), ['cat', 'ant']),
        (dict(min_count=2), ['cat', 'ant', 'dog']),
        (dict(size=9, min_count=3), ['cat']),
    ],
)
def test_build_vocabulary__frequent_first_then_alphabetical(
    options: dict, expected: list[str]
) -> None:
    answers = iter('dog cat bee cat dog ant cat ant'.split())
    assert build_vocabulary(answers, **options) == expected


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(size=0), 'size must be .* >= 1, but got 0'),
        (dict(min_count=1.5), 'min_count must be .* but got 1.5'),
        (dict(min_count=3), 'None of 2 different answers occurs min_count=3'),
    ],
)
def test_build_vocabulary__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_vocabulary(['a', 'a', 'b'], **options)


def test_coverage__is_a_share_of_the_questions() -> None:
    answers = ['dog', 'cat', 'two', 'cat', 'bee']
    assert coverage(answers, ['cat', 'two', 'ant']) == 3 / 5
    assert coverage(answers, ['ant']) == 0
    with pytest.raises(ValueError, match='no answers'):
        coverage([], ['cat'])


def test_read_vocabulary__labels_of_a_model_of_transformers(
    tmp_path: Path,
) -> None:
    config = transformers.ViltConfig(id2label={1: 'yes', 0: '', 2: 'two'})
    config.save_pretrained(tmp_path)
    assert read_vocabulary(str(tmp_path / 'config.json')) == ['', 'yes', 'two']


@pytest.mark.parametrize(
    'labels, message',
    [
        ('{"0": "a", "2": "b"}', 'the labels of 2 answers must be 0 to 1'),
        ('{"0": "a", "1": "a"}', "the answer 'a' already occurs in line 2"),
        ('{"0": 3}', 'expected the members {"answer": label}, but got 3'),
        ('{"x": "a"}', '"a" must be an integer'),
        ('{"-1": "a"}', '"a" must be an integer'),
        (f'{{"{"9" * 5000}": "a"}}', '"a" must be an integer'),
        ('{}', 'there are no answers'),
    ],
)
def test_read_vocabulary__labels_that_are_none(
    labels: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / 'config.json'
    path.write_text(f'{{"model_type": "vilt",\n"id2label": {labels}}}')
    with pytest.raises(AnnotationError, match=message):
        read_vocabulary(str(path))
