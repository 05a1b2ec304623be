# Copyright (c) clipbert_mm contributors.
"""Tests of the question answering dataset on real video files."""

import json
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.datasets import VideoQuestionAnswering
from clipbert_mm.engine import EpochSampler
from tests.toolbox.media import pipeline, write_lines, write_video
from tests.toolbox.reference_data import load_json

VOCABULARY = ['two', 'red', 'dog']
OPEN = [
    ('v0', 'what plays?', 'dog', 'what'),
    ('v1', 'who is it?', 'man', 'who'),
    ('v0', 'how many?', 'two', 'how'),
    ('v0', 'what ball?', 'red', 'what'),
    ('v2', 'who runs?', 'man', 'who'),
]
SOFT = [
    ('i0', {'red': 1, 'man': 0.3}),
    ('i1', {'dog': 0.6, 'two': 0.3}),
    ('i0', {}),
    ('i1', {'man': 1}),
]


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write three videos, two images and questions of every format."""
    root = tmp_path_factory.mktemp('data')
    for i in range(3):
        write_video(root / f'v{i}.mp4', num_frames=12)
    for i in range(2):
        cv2.imwrite(
            str(root / f'i{i}.jpg'), np.full((24, 32, 3), 90 * i, np.uint8)
        )
    write_lines(
        root / 'open.jsonl',
        [
            dict(video_id=v, question=q, answer=a, answer_type=t)
            for v, q, a, t in OPEN
        ],
    )
    write_lines(
        root / 'soft.jsonl',
        [
            dict(image_id=i, question='is it?', labels=s, question_id=70 + row)
            for row, (i, s) in enumerate(SOFT)
        ],
    )
    write_lines(
        root / 'choice.jsonl',
        [
            dict(
                gif_name=f'v{i % 2}',
                question=f'what {i}?',
                options=[f'a {i}', f'b {i}', f'c {i}'],
                answer=i % 3,
            )
            for i in range(5)
        ],
    )
    write_lines(
        root / 'mc.jsonl',
        [dict(clip_name='v0', options=['a man', 'a dog'], answer=1, qid='x')],
    )
    write_lines(
        root / 'count.jsonl',
        [dict(gif_name='v0', question='how many?', answer=i) for i in (3, 11)],
    )
    write_lines(root / 'blind.jsonl', [dict(video_id='v1', question='who?')])
    (root / 'vocabulary.json').write_text(
        json.dumps({a: i for i, a in enumerate(VOCABULARY)})
    )
    return str(root)


def dataset_of(
    data_root: str,
    answer_format: str,
    answers: dict | None = None,
    **options: Any,
) -> VideoQuestionAnswering:
    settings: dict[str, Any] = dict(
        ann_file=f'{answer_format}.jsonl', pipeline=[], data_root=data_root
    )
    group: dict[str, Any] = dict(format=answer_format)
    if answer_format in ('open', 'soft'):
        group.update(vocabulary=VOCABULARY, unknown='drop')
    if answer_format == 'soft':
        settings.update(data_prefix=dict(img=''), media_suffix='.jpg')
    if answer_format == 'choice':
        group['num_options'] = 3
    group.update(answers or {})
    return VideoQuestionAnswering(answers=group, **{**settings, **options})


def answer_pipeline(
    vocab_dir: str, mode: str = 'uniform', image: bool = False
) -> list[dict]:
    steps = pipeline(vocab_dir, mode=mode)[:7]
    if image:
        steps = [dict(type='LoadImageClip'), *steps[3:]]
    return [
        *steps,
        dict(
            type='PackActionInputs',
            collect_keys=('imgs', 'input_ids', 'attention_mask'),
            algorithm_keys=(
                'answer_labels',
                'soft_labels',
                'question_ids',
                'answer_types',
            ),
            meta_keys=('video_id', 'filename'),
        ),
    ]


def test_open__testing_keeps_every_question(data_root: str) -> None:
    dataset = dataset_of(data_root, 'open', test_mode=True, group_size=2)
    assert len(dataset) == 5
    items = [dataset.get_data_info(i) for i in range(5)]
    rows = [item['question_ids'][0] for item in items]
    assert sorted(rows) == list(range(5))
    for row, item in zip(rows, items):
        video, question, answer, kind = OPEN[row]
        assert item['filename'] == f'{data_root}/{video}.mp4'
        assert (item['video_id'], item['texts']) == (video, [question])
        assert item['answer_types'] == [kind]
        assert item['answer_labels'].dtype == np.int64
        expected = VOCABULARY.index(answer) if answer in VOCABULARY else -1
        assert item['answer_labels'].tolist() == [expected]
        assert 'soft_labels' not in item
    assert sum(item['answer_labels'][0] == -1 for item in items) == 2


def test_testing__one_question_per_item_as_the_reference(
    data_root: str,
) -> None:
    reference = load_json()['grouping']['eval_group1']
    write_lines(
        Path(data_root) / 'grouping.jsonl',
        [
            dict(video_id=name, question='a?', answer='dog', qid=qids[0])
            for name, qids in reference
        ],
    )
    dataset = dataset_of(
        data_root,
        'open',
        ann_file='grouping.jsonl',
        test_mode=True,
        group_size=2,
    )
    items = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [
        [item['video_id'], item['question_ids']] for item in items
    ] == reference


def test_open__dropped_questions_leave_no_video_behind(
    data_root: str, warnings_logged: list[str]
) -> None:
    dataset = dataset_of(data_root, 'open')
    assert [
        dataset.get_data_info(i)['video_id'] for i in range(len(dataset))
    ] == ['v0'] * 3
    assert dataset.bad_media.names == [f'{data_root}/v0.mp4']
    assert len(warnings_logged) == 1
    assert (
        '2 of 5 questions have answers that are not among the 3 of the '
        'vocabulary'
    ) in warnings_logged[0]
    assert 'with them 2 questions' in warnings_logged[0]


def test_open__training_answers_outside_the_vocabulary(data_root: str) -> None:
    message = (
        r"open.jsonl:2: the answers \['man'\] are not among the 3 of "
        "the vocabulary.*2 of 5.*answers.unknown='drop'"
    )
    with pytest.raises(AnnotationError, match=message):
        dataset_of(data_root, 'open', dict(unknown='raise'))
    with pytest.raises(AnnotationError, match=':1: .*5 of 5 questions in all'):
        dataset_of(data_root, 'open', dict(vocabulary=['none']))


def test_open__vocabulary_of_a_file_below_the_root(data_root: str) -> None:
    given = dataset_of(data_root, 'open')
    read = dataset_of(data_root, 'open', dict(vocabulary='vocabulary.json'))
    assert read.vocabulary == given.vocabulary == VOCABULARY
    for i in range(3):
        assert (
            read.get_data_info(i)['answer_labels']
            == given.get_data_info(i)['answer_labels']
        ).all()


def test_training__groups_of_questions_keep_their_answers(
    data_root: str,
) -> None:
    dataset = dataset_of(data_root, 'open', group_size=2)
    answers = {q: (VOCABULARY.index(a), t) for v, q, a, t in OPEN if v == 'v0'}
    groups = set()
    for epoch in range(20):
        items = [dataset.get_data_info((0, epoch, i)) for i in range(2)]
        for item in items:
            assert len(item['texts']) == len(item['question_ids']) == 2
            assert [answers[q] for q in item['texts']] == list(
                zip(item['answer_labels'].tolist(), item['answer_types'])
            )
            assert [OPEN[row][1] for row in item['question_ids']] == item[
                'texts'
            ]
        # Three questions in two groups: each once, and one repeated.
        assert {t for item in items for t in item['texts']} == set(answers)
        groups.add(frozenset(items[0]['texts']))
    assert len(groups) == 3  # dealt afresh in every epoch


def test_choice__texts_are_question_and_option(data_root: str) -> None:
    item = dataset_of(data_root, 'choice', test_mode=True).get_data_info(1)
    assert item['video_id'] == 'v0'
    assert item['question_ids'] == [2]
    assert item['texts'] == ['what 2? a 2', 'what 2? b 2', 'what 2? c 2']
    assert item['answer_labels'].tolist() == [2]
    assert item['answer_types'] == [None]


def test_choice__groups_keep_the_options_together(data_root: str) -> None:
    item = dataset_of(data_root, 'choice', group_size=3).get_data_info(0)
    assert sorted(item['question_ids']) == [0, 2, 4]
    assert item['texts'] == [
        f'what {i}? {letter} {i}'
        for i in item['question_ids']
        for letter in 'abc'
    ]
    assert item['answer_labels'].tolist() == [
        i % 3 for i in item['question_ids']
    ]


def test_choice__options_alone(data_root: str) -> None:
    dataset = dataset_of(
        data_root, 'choice', dict(num_options=2), ann_file='mc.jsonl'
    )
    item = dataset.get_data_info(0)
    assert item['texts'] == ['a man', 'a dog']
    assert item['question_ids'] == ['x']
    assert item['answer_labels'].tolist() == [1]


def test_choice__another_number_of_options(data_root: str) -> None:
    with pytest.raises(
        AnnotationError,
        match='mc.jsonl:1: expected num_options=5 options, but got 2',
    ):
        dataset_of(
            data_root, 'choice', dict(num_options=5), ann_file='mc.jsonl'
        )


def test_count__labels_are_counts(data_root: str) -> None:
    dataset = dataset_of(data_root, 'count')
    assert [
        dataset.get_data_info(i)['answer_labels'].tolist() for i in range(2)
    ] == [[3], [11]]


def test_soft__scores_of_the_vocabulary(
    data_root: str, warnings_logged: list[str]
) -> None:
    expected = [[0, 1, 0], [0.3, 0, 0.6], [0, 0, 0], [0, 0, 0]]
    testing = dataset_of(data_root, 'soft', test_mode=True)
    got = [testing.get_data_info(i) for i in range(4)]
    assert warnings_logged == []
    for item in got:
        assert item['filename'].endswith(f'/{item["video_id"]}.jpg')
        assert 'answer_labels' not in item
        assert item['soft_labels'].dtype == np.float32
        np.testing.assert_array_equal(
            item['soft_labels'],
            np.float32([expected[item['question_ids'][0] - 70]]),
        )
    # Training drops the question whose answers are all outside, no other.
    training = dataset_of(data_root, 'soft', group_size=2)
    items = [training.get_data_info(i) for i in range(len(training))]
    assert sorted({i for item in items for i in item['question_ids']}) == [
        70,
        71,
        72,
    ]
    for item in items:
        np.testing.assert_array_equal(
            item['soft_labels'],
            np.float32([expected[i - 70] for i in item['question_ids']]),
        )
    assert '2 of 4 questions have answers that' in warnings_logged[0]
    assert 'with them 1 questions' in warnings_logged[0]
    with pytest.raises(AnnotationError, match=r"soft.jsonl:1: .*\['man'\]"):
        dataset_of(data_root, 'soft', dict(unknown='raise'))


def test_without_answers__for_testing_only(
    data_root: str, vocab_dir: str
) -> None:
    options: dict[str, Any] = dict(
        ann_file='blind.jsonl', pipeline=answer_pipeline(vocab_dir)
    )
    sample = dataset_of(data_root, 'open', test_mode=True, **options)[0][
        'data_samples'
    ]
    assert set(sample.keys()) == {'question_ids', 'answer_types'}
    with pytest.raises(
        AnnotationError, match='blind.jsonl:1: training needs answers'
    ):
        dataset_of(data_root, 'open', **options)


def test_packed_item__of_a_video(data_root: str, vocab_dir: str) -> None:
    dataset = dataset_of(
        data_root,
        'choice',
        pipeline=answer_pipeline(vocab_dir, 'random'),
        group_size=2,
    )
    item = dataset[(0, 1, 0)]
    assert item['inputs']['imgs'].shape == (2, 3, 2, 32, 32)
    assert item['inputs']['input_ids'].shape[0] == 2 * 3
    sample = item['data_samples']
    assert sample.answer_labels.shape == (2,)
    assert sample.video_id == 'v0'
    assert 'load_error' not in sample
    again, other = dataset[(0, 1, 0)], dataset[(1, 1, 0)]
    assert torch.equal(item['inputs']['imgs'], again['inputs']['imgs'])
    assert not torch.equal(item['inputs']['imgs'], other['inputs']['imgs'])


def test_packed_item__of_an_image(data_root: str, vocab_dir: str) -> None:
    dataset = dataset_of(
        data_root, 'soft', pipeline=answer_pipeline(vocab_dir, image=True)
    )
    item = dataset[1]
    assert item['inputs']['imgs'].shape == (1, 3, 1, 32, 32)
    assert item['data_samples'].soft_labels.shape == (1, 3)


def test_bad_media__testing_keeps_the_question(
    data_root: str, vocab_dir: str
) -> None:
    ann_file = write_lines(
        Path(data_root) / 'bad.jsonl',
        [
            dict(video_id=v, question='a?', answer='dog', qid=f'q{v}')
            for v in ('v0', 'none')
        ],
    )
    options: dict[str, Any] = dict(
        ann_file=ann_file, pipeline=answer_pipeline(vocab_dir)
    )
    dataset = dataset_of(data_root, 'open', test_mode=True, **options)
    good, bad = dataset[0], dataset[1]
    assert [
        bad['inputs'][key].numel()
        for key in ('imgs', 'input_ids', 'attention_mask')
    ] == [0, 0, 0]
    sample = bad['data_samples']
    assert (sample.video_id, sample.question_ids) == ('none', ['qnone'])
    assert sample.answer_labels.tolist() == [2]
    assert 'FileNotFoundError' in sample.load_error
    assert 'none.mp4' in sample.load_error
    assert {*sample.keys()} == {*good['data_samples'].keys(), 'load_error'}
    # In training another sample takes its place.
    training = dataset_of(
        data_root, 'open', bad_media=dict(max_fraction=0.5), **options
    )
    assert training[1]['data_samples'].video_id == 'v0'


def test_indices__of_videos(data_root: str) -> None:
    dataset = dataset_of(data_root, 'open', test_mode=True, indices=[1, 2])
    assert [
        dataset.get_data_info(i)['video_id'] for i in range(len(dataset))
    ] == ['v1', 'v2']


def test_cut_texts__are_counted_with_their_options(
    data_root: str, vocab_dir: str, warnings_logged: list[str]
) -> None:
    # 'what', '0' and other words are [UNK]: question 3 tokens, option 2.
    for max_txt_len, number in ((7, 0), (6, 15)):
        dataset = dataset_of(
            data_root,
            'choice',
            lazy_init=True,
            pipeline=[
                dict(
                    type='BertTokenize',
                    tokenizer=vocab_dir,
                    max_txt_len=max_txt_len,
                )
            ],
        )
        assert warnings_logged == []
        dataset.full_init()
        dataset.full_init()
        assert len(warnings_logged) == (number > 0)
    assert (
        '15 of 15 texts are longer than max_txt_len=6 tokens and are cut'
        in warnings_logged[0]
    )


def test_workers__give_the_items_of_the_process(
    data_root: str, vocab_dir: str
) -> None:
    dataset = dataset_of(
        data_root,
        'open',
        pipeline=answer_pipeline(vocab_dir, 'random'),
        group_size=2,
    )
    copied = pickle.loads(pickle.dumps(dataset))
    sampler = EpochSampler(dataset, seed=3)
    loader = DataLoader(
        dataset, sampler=sampler, num_workers=2, collate_fn=list
    )
    for (item,), key in zip(loader, sampler, strict=True):
        expected = copied[key]
        for name, value in expected['inputs'].items():
            assert torch.equal(item['inputs'][name], value)
        assert (
            item['data_samples'].answer_labels.tolist()
            == expected['data_samples'].answer_labels.tolist()
        )


def test_video_question_answering__builds_through_the_runner(
    data_root: str, vocab_dir: str
) -> None:
    loader = Runner.build_dataloader(
        dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='EpochSampler', shuffle=True),
            collate_fn=dict(type='pseudo_collate'),
            dataset=dict(
                type='VideoQuestionAnswering',
                ann_file='open.jsonl',
                answers=dict(
                    format='open', vocabulary='vocabulary.json', unknown='drop'
                ),
                data_root=data_root,
                pipeline=answer_pipeline(vocab_dir),
            ),
        )
    )
    batch = next(iter(loader))
    assert [len(ids) for ids in batch['inputs']['input_ids']] == [1, 1]
    assert {s.video_id for s in batch['data_samples']} == {'v0'}


@pytest.mark.parametrize(
    'answer_format, options, message',
    [
        (
            'open',
            dict(answers=dict(vocabulary=None)),
            "answers.format='open' needs a vocabulary, but got "
            'answers.vocabulary=None',
        ),
        (
            'soft',
            dict(answers=dict(vocabulary=None)),
            "'soft' needs a vocabulary",
        ),
        (
            'count',
            dict(answers=dict(vocabulary=['a'])),
            r"'count' needs no vocabulary.*\['a'\]",
        ),
        (
            'choice',
            dict(answers=dict(vocabulary='v.json')),
            "'choice' needs no vocabulary",
        ),
        (
            'choice',
            dict(answers=dict(num_options=1)),
            'num_options must be .* >= 2, but got 1',
        ),
        ('open', dict(answers=dict(unknown='skip')), "'drop'.*but got 'skip'"),
        ('class', dict(), "'open'.*but got 'class'"),
        ('open', dict(group_size=0), 'group_size must be .* got 0'),
        (
            'open',
            dict(data_prefix=dict(image='x')),
            r'dict\(video=<folder>\) or dict\(img=<folder>\), but got .*image',
        ),
        (
            'open',
            dict(data_prefix=dict(video='', img='')),
            'but got .*video.*img',
        ),
        (
            'open',
            dict(answers=dict(vocabulary=['a', 'a'])),
            "but got 'a' 2 times",
        ),
    ],
)
def test_video_question_answering__wrong_options(
    data_root: str, answer_format: str, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dataset_of(data_root, answer_format, **options)


def test_video_question_answering__misspelt_option(data_root: str) -> None:
    with pytest.raises(TypeError, match='num_negatives'):
        dataset_of(data_root, 'open', num_negatives=1)
