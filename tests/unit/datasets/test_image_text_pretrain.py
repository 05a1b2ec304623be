# Copyright (c) clipbert_mm contributors.
"""Tests of the pretraining dataset on image files."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.datasets import ImageTextPretrain
from tests.toolbox.media import flat, pipeline, write_lines, write_video


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write four images with two captions each."""
    root = tmp_path_factory.mktemp('images')
    rows = []
    for i, folder in enumerate(('coco', 'coco', 'vg', 'vg')):
        (root / folder).mkdir(exist_ok=True)
        cv2.imwrite(
            str(root / folder / f'{i}.jpg'),
            np.full((24, 32, 3), 50 * i, np.uint8),
        )
        rows += [
            {f'{folder}_id': i, 'caption': f'a {word} of i{i}'}
            for word in ('man', 'dog')
        ]
    write_lines(root / 'train.jsonl', rows)
    return str(root)


def dataset_of(data_root: str, **options: Any) -> ImageTextPretrain:
    settings: dict[str, Any] = dict(
        ann_file='train.jsonl', pipeline=[], data_root=data_root, group_size=2
    )
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
            info['texts'], info['text_labels'], strict=True
        ):
            assert text.endswith(own) == (label == 1)
        labels += info['text_labels'].tolist()
    assert abs(np.mean(labels) - 0.5) < 4 * 0.5 / 400**0.5


@pytest.mark.parametrize('prob, label', [(0, 1), (1, 0)])
def test_image_text_pretrain__negative_prob(
    data_root: str, prob: float, label: int
) -> None:
    dataset = dataset_of(data_root, negative_prob=prob)
    for i in range(4):
        labels = dataset.get_data_info(i)['text_labels']
        assert labels.tolist() == [label] * 2


def test_image_text_pretrain__keeps_captions_and_adds_negatives(
    data_root: str,
) -> None:
    info = dataset_of(data_root, negatives=dict(number=2)).get_data_info(1)
    assert info['text_labels'].tolist() == [1, 0, 0] * 2
    assert [text.endswith('i1') for text in info['texts']] == [
        True,
        False,
        False,
    ] * 2


def test_image_text_pretrain__packed_item(
    data_root: str, vocab_dir: str
) -> None:
    dataset = dataset_of(data_root, pipeline=image_pipeline(vocab_dir))
    item = dataset[(0, 2, 3)]
    assert item['inputs']['imgs'].shape == (1, 3, 1, 32, 32)
    assert item['inputs']['input_ids'].shape[0] == 2
    assert item['data_samples'].video_id == 'vg/3'
    labels = item['data_samples'].mlm_labels
    assert labels.shape == item['inputs']['input_ids'].shape
    assert flat(dataset[(0, 2, 3)]) == flat(item) != flat(dataset[(0, 3, 3)])


@pytest.mark.parametrize(
    'media_names, coco, vg',
    [
        (None, 'coco/0', 'vg/2'),
        (
            dict(coco='COCO_train2014_{:012d}'),
            'COCO_train2014_000000000000',
            'vg/2',
        ),
        (dict(coco='{}', vg='{}.png'), '0', '2.png'),
    ],
)
def test_image_text_pretrain__media_names(
    data_root: str, media_names: dict, coco: str, vg: str
) -> None:
    dataset = dataset_of(data_root, media_names=media_names)
    infos = [dataset.get_data_info(i) for i in (0, 2)]
    assert [info['video_id'] for info in infos] == [coco, vg]
    assert infos[0]['filename'] == f'{data_root}/{coco}.jpg'
    assert infos[1]['filename'] == (
        f'{data_root}/{vg}' if vg.endswith('.png') else f'{data_root}/{vg}.jpg'
    )


@pytest.mark.parametrize(
    'media_names, message',
    [
        (dict(sbu='{}'), r"among \['coco', 'vg'\], but got \['sbu'\]"),
        (dict(vg='vg'), r"media_names\['vg'\] must have .* but got 'vg'"),
        (
            dict(vg='{}/{}'),
            r"media_names\['vg'\] must have .* but got '{}/{}'",
        ),
        (dict(coco='{name}'), "must have .* 'coco/{}', but got '{name}'"),
    ],
)
def test_image_text_pretrain__wrong_media_names(
    data_root: str, media_names: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dataset_of(data_root, media_names=media_names)


def test_image_text_pretrain__name_that_does_not_take_an_id(
    tmp_path: Path,
) -> None:
    ann_file = write_lines(
        tmp_path / 'a.jsonl', [dict(coco_id='x7', caption='a man')]
    )
    with pytest.raises(
        AnnotationError,
        match="a.jsonl:1: the media name '{:06d}' .*coco_id 'x7'",
    ):
        ImageTextPretrain(ann_file, [], media_names=dict(coco='{:06d}'))


def test_image_text_pretrain__on_videos(
    tmp_path: Path, vocab_dir: str
) -> None:
    for i in range(2):
        write_video(tmp_path / f'v{i}.mp4')
    ann_file = write_lines(
        tmp_path / 'a.jsonl',
        [
            dict(clip_name=f'v{i}', caption=f'a {word} of i{i}')
            for i in range(2)
            for word in ('man', 'dog')
        ],
    )
    dataset = ImageTextPretrain(
        ann_file,
        pipeline(vocab_dir),
        data_prefix=dict(video=str(tmp_path)),
        media_suffix='.mp4',
        group_size=2,
    )
    item = dataset[(0, 2, 1)]
    assert item['inputs']['imgs'].shape == (2, 3, 2, 32, 32)
    assert item['inputs']['input_ids'].shape[0] == 2
    assert item['data_samples'].video_id == 'v1'
    assert item['data_samples'].text_labels.shape == (2,)


def test_image_text_pretrain__testing_has_texts_one_by_one(
    data_root: str, vocab_dir: str
) -> None:
    dataset = dataset_of(
        data_root, pipeline=image_pipeline(vocab_dir), test_mode=True
    )
    assert len(dataset) == 8
    assert dataset[0]['inputs']['input_ids'].shape[0] == 1
    assert flat(dataset[(0, 5, 0)]) == flat(dataset[0])


def test_image_text_pretrain__testing_needs_all_images(
    data_root: str, tmp_path: Path, vocab_dir: str
) -> None:
    dataset = dataset_of(
        data_root,
        data_prefix=dict(img=str(tmp_path)),
        pipeline=image_pipeline(vocab_dir),
        test_mode=True,
    )
    with pytest.raises(FileNotFoundError, match='coco/0.jpg'):
        dataset[0]


def test_image_text_pretrain__wrong_probability(data_root: str) -> None:
    with pytest.raises(ValueError, match='negative_prob .* but got 2'):
        dataset_of(data_root, negative_prob=2)
