# Copyright (c) clipbert_mm contributors.
"""Tests of what the datasets with captions share."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.datasets.base_caption_dataset import BaseCaptionDataset
from clipbert_mm.datasets.option_groups import NegativeOptions
from tests.toolbox.media import write_lines

TEXTS = ['a dog', 'a cat', 'two dogs', 'a cow']
MEDIA = ['v0', 'v1', 'v0', 'v2']
ONE = NegativeOptions(1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_lines(
        tmp_path / 'a.jsonl',
        [
            dict(clip_name=name, caption=text, sen_id=10 + i)
            for i, (name, text) in enumerate(zip(MEDIA, TEXTS))
        ],
    )
    return tmp_path


def dataset_of(
    root: Path, negatives: NegativeOptions = ONE, **options: Any
) -> BaseCaptionDataset:
    return BaseCaptionDataset(
        'a.jsonl', [], negatives=negatives, data_root=str(root), **options
    )


def test_captions_and_ids__in_file_order(root: Path) -> None:
    dataset = dataset_of(root, lazy_init=True)
    assert dataset.captions == TEXTS
    assert dataset.caption_ids == [10, 11, 12, 13]
    few = dataset_of(root, indices=[1, 2])
    assert (few.captions, few.caption_ids) == (['a cat', 'a cow'], [11, 13])


@pytest.mark.parametrize('number', [1, 2])
def test_items__each_caption_then_its_negatives(
    root: Path, number: int
) -> None:
    dataset = dataset_of(root, NegativeOptions(number), group_size=2)
    info = dataset.get_data_info(0)
    assert info['text_labels'].tolist() == ([1] + [0] * number) * 2
    assert info['text_labels'].dtype == np.int64
    texts = np.array(info['texts']).reshape(2, 1 + number)
    assert set(texts[:, 0]) == {'a dog', 'two dogs'}
    for negatives in texts[:, 1:]:
        assert set(negatives) <= {'a cat', 'a cow'}
        assert len(set(negatives)) == number


def test_negatives__of_a_file_below_the_root(root: Path) -> None:
    write_lines(root / 'hard.jsonl', [dict(sen_id=10, negatives=[13])])
    dataset = dataset_of(root, NegativeOptions(1, 1, 'hard.jsonl'))
    items = [dataset.get_data_info((0, epoch, 0)) for epoch in range(9)]
    assert {tuple(item['texts']) for item in items} == {('a dog', 'a cow')}
    write_lines(root / 'hard.jsonl', [dict(sen_id=10, negatives=[99])])
    with pytest.raises(AnnotationError, match='/hard.jsonl:1: .* sen_id 99'):
        dataset_of(root, NegativeOptions(1, 1, 'hard.jsonl'))


def test_negatives__of_a_video_that_has_all_texts(root: Path) -> None:
    with pytest.raises(ValueError, match="'v0' has all 2 different captions"):
        dataset_of(root, indices=[0])
