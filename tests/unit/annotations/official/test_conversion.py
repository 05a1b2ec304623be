# Copyright (c) clipbert_mm contributors.
"""Tests of the run of a converter: checks, files and report."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.official.conversion import Conversion
from clipbert_mm.annotations.official.split import Split
from clipbert_mm.utils.outputs import OutputError


def make(out: Path, **options: bool) -> Conversion:
    defaults = dict(out=str(out), overwrite=False, allow_leaks=False)
    return Conversion(argparse.Namespace(**{**defaults, **options}))


def split_of(name: str, *rows: dict[str, Any]) -> Split:
    return Split(name, [dict(row) for row in rows])


def question(video: str, number: int, answer: str = 'dog') -> dict:
    return dict(
        question='who?', answer=answer, video_id=video, question_id=number
    )


def test_claim__refuses_an_existing_file_before_any_work(
    tmp_path: Path,
) -> None:
    make(tmp_path / 'new').claim('train.jsonl')
    assert not (tmp_path / 'new').exists()
    path = tmp_path / 'b.jsonl'
    path.touch()
    with pytest.raises(
        FileExistsError,
        match=f'^{path} already exists. Pass --overwrite to replace it, or '
        r'choose another folder as --out.$',
    ):
        make(tmp_path).claim('a.jsonl', 'b.jsonl')
    make(tmp_path, overwrite=True).claim('a.jsonl', 'b.jsonl')


def test_add_source__notes_another_size_than_the_official_one(
    tmp_path: Path,
) -> None:
    conversion = make(tmp_path)
    conversion.add_source('a.json', 20_471, 'questions', official=20_471)
    conversion.add_source('b.json', 1_001, 'rows', official=1_000)
    conversion.add_source('c.json', 7, 'rows')
    assert conversion.sources == [
        'a.json (20,471 questions)',
        'b.json (1,001 rows)',
        'c.json (7 rows)',
    ]
    assert conversion.notes == [
        'b.json has 1,001 rows, but the official file has 1,000.'
    ]


def test_add_merged__counts_videos_with_several_names(tmp_path: Path) -> None:
    conversion = make(tmp_path)
    conversion.add_merged('val', {'a.mp4': 'a', 'b.mov': 'b'})
    assert conversion.notes == []
    conversion.add_merged(
        'val', {'a.mp4': 'a', 'a.mov': 'a', 'a.': 'a', 'b.mov': 'b'}
    )
    assert conversion.notes == [
        "1 videos of val are named with several suffixes and merged: 'a'."
    ]


def test_check__media_in_two_splits_are_leaks(tmp_path: Path) -> None:
    names = [f'v{i}' for i in range(7)]
    train = split_of('train', *(question(n, i) for i, n in enumerate(names)))
    test = split_of(
        'test', *(question(n, 50 + i) for i, n in enumerate([*names[1:], 'w']))
    )
    with pytest.raises(
        AnnotationError,
        match=r"^6 videos or images are in train and test: 'v1', 'v2', 'v3', "
        r"'v4', 'v5', ...\nCheck that all files belong to the same release, "
        r'or pass --allow-leaks to convert them anyway.$',
    ):
        make(tmp_path).check([train, test], [(train, test)])
    make(tmp_path).check([train, test])  # not said to be disjoint
    allowed = make(tmp_path, allow_leaks=True)
    allowed.check([train, test], [(train, test)])
    assert allowed.notes == [
        "6 videos or images are in train and test: 'v1', 'v2', 'v3', 'v4', "
        "'v5', ..."
    ]


def test_check__question_ids_of_two_splits_are_noted(tmp_path: Path) -> None:
    train, test = (
        split_of(name, question(name, 3)) for name in ('train', 'test')
    )
    conversion = make(tmp_path)
    conversion.check([train, test], [(train, test)])
    assert conversion.notes == ['1 question ids are in train and test: 3.']
    assert train.ids() == [3]


def test_check__repeated_question_ids(tmp_path: Path) -> None:
    def rows() -> Split:
        return split_of('test', *(question('v', i) for i in (4, 5, 4)))

    problem = (
        '1 question_ids are repeated in test, which is written without them: '
        '4.'
    )
    with pytest.raises(AnnotationError, match=f'^{problem}\nCheck that'):
        make(tmp_path).check([rows()])
    allowed, split = make(tmp_path, allow_leaks=True), rows()
    allowed.check([split])
    assert allowed.notes == [problem]
    assert split.ids() == []


def test_check__repeated_sen_ids_are_no_problem(tmp_path: Path) -> None:
    split = split_of(
        'train',
        *(dict(caption='a', clip_name=f'v{i}', sen_id=7) for i in range(2)),
    )
    conversion = make(tmp_path)
    conversion.check([split])
    assert conversion.notes == [
        '1 sen_ids are repeated in train, which is written without them: 7.'
    ]
    assert split.rows == [
        dict(caption='a', clip_name='v0'),
        dict(caption='a', clip_name='v1'),
    ]


def test_check__split_without_rows(tmp_path: Path) -> None:
    split = split_of('train', question('v', 0))
    split.keep('blank', lambda row: False)
    with pytest.raises(
        AnnotationError, match=r"^train: no row is left .*\{'blank': 1\}"
    ):
        make(tmp_path).check([split])


def test_answer_vocabulary__drops_training_rows_alone(tmp_path: Path) -> None:
    answers = ['dog', 'cat', 'dog', 'two', 'cat', 'dog', 'cow']
    train = split_of(
        'train', *(question('v', i, a) for i, a in enumerate(answers))
    )
    test = split_of('test', question('w', 90, 'owl'), question('w', 91, 'cat'))
    conversion = make(tmp_path)
    assert conversion.answer_vocabulary('qa', train, [test], 2) == [
        'dog',
        'cat',
    ]
    # 5 of 7 training answers are kept, and 1 of 2 of the test.
    assert conversion.notes == [
        'qa: 2 of the 4 training answers; they cover 71.4% of train, 50.0% '
        'of test.'
    ]
    assert [row['question_id'] for row in train.rows] == [0, 1, 2, 4, 5]
    assert train.dropped == {'answers outside the vocabulary': 2}
    assert len(test.rows) == 2


def test_write__splits_and_vocabularies(tmp_path: Path) -> None:
    out = tmp_path / 'new' / 'out'
    conversion = make(out)
    rows = [dict(caption='caf\u00e9\u2028"', clip_name='v', sen_id=0)]
    conversion.check([split_of('train', *rows)])
    conversion.write(dict(words=['dog', 'caf\u00e9']))
    assert {path.name for path in out.iterdir()} == {'train.jsonl', 'words'}
    text = (out / 'train.jsonl').read_text('utf-8')
    assert 'caf\u00e9' in text
    assert [json.loads(line) for line in text.rstrip('\n').split('\n')] == rows
    assert read_vocabulary(str(out / 'words')) == ['dog', 'caf\u00e9']


@pytest.mark.parametrize('out', ['file', 'file/below'])
def test_claim__place_that_is_no_folder(out: str, tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(OutputError, match='^--out must be a folder, but .*fi'):
        make(tmp_path / out).claim('train.jsonl')


def test_write__all_or_nothing(tmp_path: Path) -> None:
    (tmp_path / 'train.jsonl').write_text('old')
    conversion = make(tmp_path, overwrite=True)
    conversion.check([split_of('train', question('v', 0))])
    with pytest.raises(ValueError, match='one or more strings'):
        conversion.write(dict(words=[]))
    assert [path.name for path in tmp_path.iterdir()] == ['train.jsonl']
    assert (tmp_path / 'train.jsonl').read_text() == 'old'


def test_report__whole(tmp_path: Path) -> None:
    conversion = make(tmp_path)
    train = split_of('train', *(question(f'v{i % 2}', i) for i in range(1200)))
    train.keep('odd numbers', lambda row: row['question_id'] != 7)
    train.keep('nothing', lambda row: True)
    conversion.add_source('a.json', 1200, 'questions', official=3)
    conversion.check([train, split_of('test', question('w', 9999))])
    assert conversion.report().splitlines() == [
        'split  media  texts  repeated  dropped',
        'train      2  1,199     1,197        1',
        'test       1      1         0        0',
        'dropped from train: 1 odd numbers',
        'note: a.json has 1,200 questions, but the official file has 3.',
        'read a.json (1,200 questions)',
        f'written to {tmp_path}',
    ]
