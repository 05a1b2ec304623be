# Copyright (c) clipbert_mm contributors.
"""Tests of datasets that are built in spite of mistakes in their files."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.registry import init_default_scope

from clipbert_mm.datasets import ConcatTextDataset, VideoTextRetrieval
from clipbert_mm.datasets.checking.report import CheckReport
from clipbert_mm.datasets.checking.split import (
    MOST_BAD_LINES,
    ConfigError,
    build_dataset,
    members_of,
    open_split,
)
from clipbert_mm.datasets.transforms import LoadVideo
from tests.toolbox.media import write_lines

GOOD = dict(clip_name='v0', caption='a dog')
OTHER = dict(clip_name='v1', caption='a cat')


@pytest.fixture(autouse=True)
def scope() -> None:
    init_default_scope('mmaction')


def retrieval(root: Path, **options: Any) -> dict:
    return dict(
        type='VideoTextRetrieval',
        ann_file='a.jsonl',
        data_root=str(root),
        pipeline=[
            dict(type='LoadVideo'),
            dict(type='BertTokenize', tokenizer='nowhere', max_txt_len=4),
            dict(type='PackActionInputs'),
        ],
        **options,
    )


def test_members_of__a_dataset_or_its_parts() -> None:
    one = dict(type='VideoTextRetrieval', datasets=['not members'])
    assert members_of('test', one) == dict(test=one)
    parts = [dict(type='A'), dict(type='B')]
    for kind in ('ConcatTextDataset', ConcatTextDataset):
        assert members_of('train', dict(type=kind, datasets=parts)) == {
            'train[0]': parts[0],
            'train[1]': parts[1],
        }


def test_build_dataset__steps_of_texts_are_left_out(tmp_path: Path) -> None:
    config = retrieval(tmp_path, tokenize=dict(type='BertTokenize'))
    dataset = build_dataset(config)
    assert isinstance(dataset, VideoTextRetrieval)
    (step,) = dataset.pipeline.transforms
    assert isinstance(step, LoadVideo)
    assert len(config['pipeline']) == 3


@pytest.mark.parametrize(
    'change, message',
    [
        (
            dict(type='VideoDataset'),
            r"^The type of a dataset must be one of \['VideoTextRetrieval', "
            r"'ImageTextPretrain', 'VideoQuestionAnswering'\], but got "
            r"'VideoDataset'\.$",
        ),
        (
            dict(group_sise=3),
            '^The dataset VideoTextRetrieval cannot be built: .*group_sise',
        ),
        (
            dict(group_size=0),
            '^The dataset VideoTextRetrieval cannot be built: group_size must',
        ),
        (
            dict(pipeline=[dict(type='PackActionInputs')]),
            '^The pipeline of VideoTextRetrieval has no transform that reads '
            r'a file. Add LoadVideo or LoadImageClip.$',
        ),
    ],
)
def test_build_dataset__of_a_wrong_config(
    change: dict, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        build_dataset({**retrieval(tmp_path), **change})


def test_open_split__nothing_wrong(tmp_path: Path) -> None:
    write_lines(tmp_path / 'a.jsonl', [GOOD, OTHER])
    report = CheckReport('')
    split = open_split('train', retrieval(tmp_path), report)
    assert split is not None
    assert report.problems == []
    assert (split.name, split.num_items) == ('train', 2)
    assert split.ann_file == str(tmp_path / 'a.jsonl')
    assert split.files == {
        'v0': f'{tmp_path}/v0.mp4',
        'v1': f'{tmp_path}/v1.mp4',
    }
    assert split.tokenize is not None
    assert split.tokenize['tokenizer'] == 'nowhere'
    assert split.questions is None
    assert split.vocabulary is None


def test_open_split__every_wrong_line_is_named_in_its_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / 'a.jsonl'
    write_lines(path, [GOOD, dict(clip_name='v1'), OTHER, dict(caption=3)])
    text = path.read_text()
    report = CheckReport('')
    split = open_split('train', retrieval(tmp_path), report)
    assert split is not None
    assert split.num_items == 2
    places = [
        problem.message.split(': ')[0]
        for problem in report.problems
        if problem.message.startswith(f'{path}:')
    ]
    assert places == [f'{path}:2', f'{path}:4']
    assert path.read_text() == text


def test_open_split__most_wrong_lines(tmp_path: Path) -> None:
    write_lines(tmp_path / 'a.jsonl', [dict(clip_name='v')] * 50)
    report = CheckReport('')
    assert open_split('train', retrieval(tmp_path), report) is None
    named = {problem.message.split(': ')[0] for problem in report.problems}
    # The first that is left is named by the attempt to read the rest.
    assert len(named) == MOST_BAD_LINES + 1


def test_open_split__no_file(tmp_path: Path) -> None:
    report = CheckReport('')
    assert open_split('train', retrieval(tmp_path), report) is None
    (problem,) = report.problems
    assert problem[:2] == ('train', 'annotations')
    assert str(tmp_path / 'a.jsonl') in problem.message


def test_open_split__needs_of_training_alone(tmp_path: Path) -> None:
    """One video has all texts: it can be tested, not trained on."""
    write_lines(tmp_path / 'a.jsonl', [GOOD])
    report = CheckReport('')
    split = open_split('train', retrieval(tmp_path), report)
    assert split is not None
    assert split.num_items == 1
    (problem,) = report.problems
    assert 'so that none can be its negative' in problem.message


def test_open_split__folder_of_media_that_is_not_there(
    tmp_path: Path,
) -> None:
    write_lines(tmp_path / 'a.jsonl', [GOOD])
    config = retrieval(
        tmp_path,
        test_mode=True,
        media_suffix=None,
        data_prefix=dict(video='films'),
    )
    report = CheckReport('')
    split = open_split('test', config, report)
    assert split is not None
    assert split.files is None
    (problem,) = report.problems
    assert f"There is no folder '{tmp_path}/films'" in problem.message


def test_open_split__vocabulary_that_is_not_there(tmp_path: Path) -> None:
    write_lines(
        tmp_path / 'a.jsonl',
        [dict(question='who', answer='dog', video_id='v')],
    )
    config = retrieval(
        tmp_path, answers=dict(format='open', vocabulary='no.json')
    )
    config['type'] = 'VideoQuestionAnswering'
    report = CheckReport('')
    split = open_split('train', config, report)
    assert split is not None
    assert split.vocabulary is None
    assert split.questions is not None
    assert [question.answer for question in split.questions] == ['dog']
    assert any('no.json' in problem.message for problem in report.problems)
