# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of Karpathy's splits."""

import re
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.annotations.captions import read_captions
from tests.toolbox.converting import lines, load_converter, write

converter = load_converter('image_retrieval')


def image(name: str, split: str, first: int, number: int = 5, **more: Any):
    sentences = [
        dict(raw=f' a dog {i}. ', sentid=i, imgid=0, tokens=['a', 'dog'])
        for i in range(first, first + number)
    ]
    return dict(filename=name, split=split, sentences=sentences, **more)


FLICKR = dict(
    dataset='flickr30k',
    images=[
        image('36979.jpg', 'test', 0),
        image('65567.jpg', 'train', 5),
        image('81641.jpg', 'val', 10),
    ],
)
COCO = dict(
    dataset='coco',
    images=[
        image('COCO_val2014_1.jpg', 'test', 0, 7, filepath='val2014'),
        image('COCO_val2014_2.jpg', 'restval', 7, 6, filepath='val2014'),
        image('COCO_train2014_3.jpg', 'train', 13, filepath='train2014'),
        image('COCO_val2014_4.jpg', 'val', 18, filepath='val2014'),
    ],
)


def convert(folder: Path, content: Any, *options: str) -> int:
    path = write(folder / 'dataset.json', content)
    out = ['--annotations', path, '--out', str(folder / 'out')]
    return converter.main([*out, *options])


def test_flickr30k__splits_and_names(tmp_path: Path) -> None:
    assert convert(tmp_path, FLICKR) == 0
    assert lines(tmp_path / 'out' / 'test.jsonl') == [
        dict(caption=f'a dog {i}.', clip_name='36979', sen_id=i)
        for i in range(5)
    ]
    captions = read_captions(str(tmp_path / 'out' / 'train.jsonl'))
    assert [caption.caption_id for caption in captions] == [5, 6, 7, 8, 9]


def test_coco__five_captions_for_testing_all_for_training(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert convert(tmp_path, COCO) == 0
    train, test = (
        lines(tmp_path / 'out' / f'{name}.jsonl') for name in ('train', 'test')
    )
    assert [row['sen_id'] for row in train] == list(range(7, 18))
    assert train[0]['clip_name'] == 'val2014/COCO_val2014_2'
    assert [row['sen_id'] for row in test] == [0, 1, 2, 3, 4]
    report = capsys.readouterr().out
    assert 'dropped from test: 2 captions beyond --captions' in report
    assert convert(tmp_path, COCO, '--captions', '9', '--overwrite') == 0
    assert len(lines(tmp_path / 'out' / 'test.jsonl')) == 7


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(images=[]), '"images" must not be empty'),
        (dict(images=3), '"images" must be a list'),
        (dict(images=[3]), r'images\[0\]: expected a JSON object'),
        (dict(images=[image('a', 'dev', 0)]), r'"split" must be one of .*dev'),
        (dict(images=[image('a', ['x'], 0)]), '"split" must be one of'),
        (dict(images=[image('a', 'train', 0, 0)]), '"sentences" must not be'),
        (
            dict(images=[dict(image('a', 'val', 0), sentences=[{}])]),
            r'sentences\[0\]: .*raw',
        ),
        (
            dict(images=[image('a', 'train', 0), image('a', 'test', 9)]),
            "images are in train and test: 'a'",
        ),
    ],
)
def test_files__of_another_form(
    change: dict, message: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    images = change['images']
    if isinstance(images, list) and len(images) == 2:
        images = [*images, *FLICKR['images'][2:]]
    assert convert(tmp_path, dict(FLICKR, images=images)) == 1
    error = capsys.readouterr().err
    assert re.search(message, error), error
    assert not (tmp_path / 'out' / 'train.jsonl').exists()
