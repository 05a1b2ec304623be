# Copyright (c) clipbert_mm contributors.
"""Tests of figures and notes of texts and answers, counted by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from mmengine.registry import init_default_scope

from clipbert_mm.datasets.checking.report import CheckReport, Finding
from clipbert_mm.datasets.checking.split import open_split
from clipbert_mm.datasets.checking.texts import check_texts
from tests.toolbox.media import write_lines
from tests.toolbox.vocabulary import write_vocabulary

CAPTIONS = [
    ('v0', 'a red dog'),
    ('v0', 'A  red dog'),  # but for case and spaces
    ('v1', 'a red dog'),
    ('v1', 'a zebra runs on sand'),
    ('v2', 'dog'),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    init_default_scope('mmaction')
    words = ['a', 'red', 'dog', 'runs', 'on', 'sand', 'what']
    write_vocabulary(tmp_path / 'tokenizer', words)
    return tmp_path


def checked(config: dict) -> CheckReport:
    """Check the texts of a split; nothing may be wrong with its files."""
    report = CheckReport('', dict(train={}))
    split = open_split('train', config, report)
    assert split is not None
    assert report.problems == []
    check_texts(split, report)
    return report


def captions(root: Path, **options: Any) -> dict:
    write_lines(
        root / 'a.jsonl',
        [dict(clip_name=name, caption=text) for name, text in CAPTIONS],
    )
    return dict(
        type='VideoTextRetrieval',
        ann_file='a.jsonl',
        data_root=str(root),
        pipeline=[dict(type='LoadVideo')],
        **options,
    )


def tokenize(root: Path, most: int) -> dict:
    return dict(
        type='BertTokenize',
        tokenizer=str(root / 'tokenizer'),
        max_txt_len=most,
    )


def test_captions__figures_and_notes(root: Path) -> None:
    report = checked(captions(root, tokenize=tokenize(root, 5)))
    # [CLS] and [SEP] make the lengths 5, 5, 5, 7 and 3.
    assert report.figures['train'] == {
        'texts': 5,
        'texts of a medium': dict(least=1, median=2, most=2),
        'tokens': dict(median=5.0, p95=pytest.approx(6.6), most=7),
        'max_txt_len': 5,
        'cut texts': 1,
        'texts with [UNK]': 1,
        'repeated texts of a medium': 1,
        'texts of several media': 1,
    }
    assert report.notes == [
        Finding('train', 'cut texts', "7 tokens: 'a zebra runs on sand'"),
        Finding(
            'train',
            'repeated texts of a medium',
            "2 times of 'v0': 'a red dog'",
        ),
        Finding(
            'train',
            'texts of several media',
            "2 media, such as ['v0', 'v1']: 'a red dog'",
        ),
    ]
    assert report.problems == []


def test_captions__without_a_tokenizer(root: Path) -> None:
    report = checked(captions(root))
    assert 'tokens' not in report.figures['train']
    assert report.notes[0] == Finding(
        'train',
        'tokenizer',
        'neither the dataset nor its pipeline has a BertTokenize: token '
        'counts are unknown',
    )


def test_captions__tokenizer_that_is_not_there(root: Path) -> None:
    (root / 'tokenizer' / 'vocab.txt').unlink()
    report = checked(captions(root, tokenize=tokenize(root, 6)))
    (problem,) = report.problems
    assert problem[:2] == ('train', 'tokenizer')
    assert problem.message.endswith(' Token counts are unknown.')
    assert 'tokens' not in report.figures['train']
    # What follows is checked nevertheless.
    assert report.figures['train']['texts of several media'] == 1


def questions(root: Path, rows: list[dict], **answers: Any) -> dict:
    write_lines(root / 'q.jsonl', rows)
    return dict(
        type='VideoQuestionAnswering',
        ann_file='q.jsonl',
        data_root=str(root),
        pipeline=[dict(type='LoadVideo')],
        answers=answers,
    )


def test_open_answers__coverage_and_unused(root: Path) -> None:
    given = ['dog', 'dog', 'cat', 'cow', 'cow']
    report = checked(
        questions(
            root,
            [
                dict(question='what', answer=answer, video_id=f'v{i // 2}')
                for i, answer in enumerate(given)
            ],
            format='open',
            vocabulary=['dog', 'cat', 'owl', 'hen'],
            unknown='drop',
        )
    )
    figures = report.figures['train']
    assert figures['most frequent answer'] == "'dog' (40.0%)"
    assert figures['vocabulary size'] == 4
    assert figures['fraction of answers in vocabulary'] == 3 / 5
    assert figures['questions without known answer'] == 2
    assert figures['unused answers of vocabulary'] == 2
    assert 'texts of several media' not in figures  # questions recur
    assert report.notes[-1] == Finding(
        'train', 'answers outside the vocabulary', "'cow' (2 times)"
    )


def test_soft_answers__every_label_counts(root: Path) -> None:
    labels = [{'dog': 1.0, 'cat': 0.3}, {'dog': 0.6}, {'cow': 1.0}]
    report = checked(
        questions(
            root,
            [
                dict(question='what', labels=own, image_id='coco/1')
                for own in labels
            ],
            format='soft',
            vocabulary=['dog', 'cat'],
            unknown='drop',
        )
    )
    figures = report.figures['train']
    assert figures['most frequent answer'] == "'dog' (50.0%)"
    assert figures['fraction of answers in vocabulary'] == 3 / 4
    assert figures['questions without known answer'] == 1
    assert figures['unused answers of vocabulary'] == 0


def test_counts__are_a_range(root: Path) -> None:
    report = checked(
        questions(
            root,
            [dict(question='what', answer=n, gif_name='g') for n in (2, 2, 9)],
            format='count',
        )
    )
    figures = report.figures['train']
    assert figures['answers'] == dict(least=2, median=2, most=9)
    assert figures['most frequent answer'] == '2 (66.7%)'
    assert figures['texts of a medium'] == dict(least=3, median=3, most=3)


def test_choices__options_are_texts_of_a_question(root: Path) -> None:
    row = dict(question='what', options=list('abcde'), answer=1, clip_name='v')
    report = checked(
        questions(root, [row, dict(row, clip_name='w')], format='choice')
    )
    figures = report.figures['train']
    assert figures['texts'] == 10
    assert figures['texts of a medium'] == dict(least=5, median=5, most=5)
    assert figures['repeated texts of a medium'] == 0
    assert json.dumps(figures)
