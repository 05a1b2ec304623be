# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of easy-VQA."""

import re
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary
from clipbert_mm.annotations.questions import read_questions
from tests.toolbox.converting import lines, load_converter, write

converter = load_converter('easy_vqa')

TRAIN = [
    ['what is the blue shape?', 'rectangle', 0],
    ['what color is the shape?', 'blue', 0],
    ['is there a triangle in the image?', 'no', 0],
    ['is there not a triangle?', 'no', 1],
]
TEST = [
    ['what color is the shape?', 'teal', 0],
    ['does the image contain a rectangle?', 'no', 0],
]


def options(folder: Path, train: Any = TRAIN, test: Any = TEST) -> list[str]:
    return [
        *('--train', write(folder / 'train.json', train)),
        *('--test', write(folder / 'test.json', test)),
        *('--out', str(folder / 'out')),
    ]


def test_easy_vqa__questions_types_and_images(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert converter.main(options(tmp_path)) == 0
    out = tmp_path / 'out'
    assert lines(out / 'train.jsonl') == [
        dict(
            question=question,
            answer=answer,
            answer_type=kind,
            image_id=f'train/images/{image}',
        )
        for (question, answer, image), kind in zip(
            TRAIN, ('shape', 'color', 'yes/no', 'yes/no')
        )
    ]
    questions = read_questions(str(out / 'test.jsonl'), 'open')
    assert [(q.media, q.answer) for q in questions] == [
        ('test/images/0', 'teal'),
        ('test/images/0', 'no'),
    ]
    vocabulary = read_vocabulary(str(out / 'vocabulary.json'))
    assert vocabulary[0] == 'no'  # the most frequent
    assert set(vocabulary) == {'no', 'rectangle', 'blue'}
    report = capsys.readouterr().out
    assert 'has 4 questions, but the official file has 38,575' in report
    assert 'Set model.head.num_classes=3 in configs' in report


@pytest.mark.parametrize(
    'train, message',
    [
        ([['what?', 'no']], "expected a list of .*'image'.*got"),
        ([dict(question='what?')], 'expected a list of lists .*but got {'),
        (dict(questions=[]), 'expected a list of lists .*but got an object'),
        ([['what?', 'no', '0']], '"image" must be an integer'),
        ([['', 'no', 0]], '"question" must be a non-empty string'),
        ([], 'there are no records'),
    ],
)
def test_easy_vqa__files_of_another_form(
    train: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert converter.main(options(tmp_path, train)) == 1
    error = capsys.readouterr().err
    assert re.search(message, error), error
    assert not (tmp_path / 'out' / 'train.jsonl').exists()
