# Copyright (c) clipbert_mm contributors.
"""Tests of the pretraining data set on image files."""
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from clipbert_mm.datasets import ImageTextPretrain
from tests.datasets.media import flat, pipeline, write_lines


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Four images with two captions each."""
    root = tmp_path_factory.mktemp('images')
    rows = []
    for i, folder in enumerate(('coco', 'coco', 'vg', 'vg')):
        (root / folder).mkdir(exist_ok=True)
        cv2.imwrite(
            str(root / folder / f'{i}.jpg'),
            np.full((24, 32, 3), 50 * i, np.uint8))
        rows += [{
            f'{folder}_id': i,
            'caption': f'a {word} of i{i}'
        } for word in ('man', 'dog')]
    write_lines(root / 'train.jsonl', rows)
    return str(root)


def dataset_of(data_root: str, **options: Any) -> ImageTextPretrain:
    settings: dict[str, Any] = dict(
        ann_file='train.jsonl', pipeline=[], data_root=data_root, group_size=2)
    return ImageTextPretrain(**{**settings, **options})


def image_pipeline(vocab_dir: str) -> list[dict]:
    return [dict(type='LoadImageClip'), *pipeline(vocab_dir)[3:]]


def test_image_text_pretrain__replaces_captions(data_root: str) -> None:
    dataset = dataset_of(data_root)
    assert len(dataset) == 4
    labels = []
    for epoch in range(200):
        info = dataset.get_data_info((0, epoch, epoch % 4))
        own = f'i{epoch % 4}'
        assert len(info['texts']) == 2
        for text, label in zip(
                info['texts'], info['text_labels'], strict=True):
            assert text.endswith(own) == (label == 1)
        labels += info['text_labels'].tolist()
    assert abs(np.mean(labels) - 0.5) < 4 * 0.5 / 400**0.5


@pytest.mark.parametrize('prob, label', [(0, 1), (1, 0)])
def test_image_text_pretrain__negative_prob(data_root: str, prob: float,
                                            label: int) -> None:
    dataset = dataset_of(data_root, negative_prob=prob)
    for i in range(4):
        labels = dataset.get_data_info(i)['text_labels']
        assert labels.tolist() == [label] * 2


def test_image_text_pretrain__keeps_captions_and_adds_negatives(
        data_root: str) -> None:
    info = dataset_of(data_root, num_negatives=2).get_data_info(1)
    assert info['text_labels'].tolist() == [1, 0, 0] * 2
    assert [text.endswith('i1') for text in info['texts']
            ] == [True, False, False] * 2


def test_image_text_pretrain__packed_item(data_root: str,
                                          vocab_dir: str) -> None:
    dataset = dataset_of(data_root, pipeline=image_pipeline(vocab_dir))
    item = dataset[(0, 2, 3)]
    assert item['inputs']['imgs'].shape == (1, 3, 1, 32, 32)
    assert item['inputs']['input_ids'].shape[0] == 2
    assert item['data_samples'].video_id == 'vg/3'
    labels = item['data_samples'].mlm_labels
    assert labels.shape == item['inputs']['input_ids'].shape
    assert flat(dataset[(0, 2, 3)]) == flat(item) != flat(dataset[(0, 3, 3)])


def test_image_text_pretrain__testing_has_texts_one_by_one(
        data_root: str, vocab_dir: str) -> None:
    dataset = dataset_of(
        data_root, pipeline=image_pipeline(vocab_dir), test_mode=True)
    assert len(dataset) == 8
    assert dataset[0]['inputs']['input_ids'].shape[0] == 1
    assert flat(dataset[(0, 5, 0)]) == flat(dataset[0])


def test_image_text_pretrain__testing_needs_all_images(
        data_root: str, tmp_path: Path, vocab_dir: str) -> None:
    dataset = dataset_of(
        data_root,
        data_prefix=dict(img=str(tmp_path)),
        pipeline=image_pipeline(vocab_dir),
        test_mode=True)
    with pytest.raises(FileNotFoundError, match='coco/0.jpg'):
        dataset[0]


def test_image_text_pretrain__wrong_probability(data_root: str) -> None:
    with pytest.raises(ValueError, match='negative_prob .* but got 2'):
        dataset_of(data_root, negative_prob=2)
