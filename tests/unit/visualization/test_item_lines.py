# Copyright (c) clipbert_mm contributors.
"""Tests of the texts and labels of an item, as lines."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample

from clipbert_mm.datasets import BertTokenize
from clipbert_mm.visualization.contact_sheet import RIGHT
from clipbert_mm.visualization.item_lines import item_lines


class TextDataset(SimpleNamespace):
    """The part of a dataset that knows texts and answers."""

    vocabulary: list[str] | None = None

    def bert_tokenizers(self) -> list[BertTokenize]:
        return [self.tokenize]


@pytest.fixture
def dataset(vocab_dir: str) -> TextDataset:
    return TextDataset(tokenize=BertTokenize(vocab_dir, max_txt_len=8))


def item_of(dataset: TextDataset, texts: list[str], **fields: Any) -> dict:
    sample = ActionDataSample()
    for name, value in fields.items():
        sample.set_field(value, name)
    tokens = dataset.tokenize.tokenize(texts) if texts else {}
    return dict(
        inputs={k: torch.from_numpy(v) for k, v in tokens.items()},
        data_samples=sample,
    )


def shown(item: dict, dataset: Any) -> list[tuple[str, bool]]:
    return [
        (line.text, line.colour == RIGHT) for line in item_lines(item, dataset)
    ]


def test_captions__with_their_labels(dataset: TextDataset) -> None:
    labels = np.array([1, 0])
    item = item_of(dataset, ['a dog', 'a car plays'], text_labels=labels)
    assert shown(item, dataset) == [
        ('0.  [CLS] a dog [SEP] + 1 padding  (match)', True),
        ('1.  [CLS] a car plays [SEP]  (no match)', False),
        ('text_labels: [1, 0]', False),
    ]


def test_masked_tokens__with_what_they_stand_for(dataset: TextDataset) -> None:
    item = item_of(dataset, ['a dog'], text_labels=[1])
    ids = item['inputs']['input_ids'].numpy()
    labels = np.full_like(ids, -100)
    labels[0, 2] = ids[0, 2]
    ids[0, 2] = dataset.tokenize.tokenizer.mask_token_id
    item['data_samples'].set_field(labels, 'mlm_labels')
    assert shown(item, dataset)[:2] == [
        ('0.  [CLS] a [MASK]→dog [SEP]  (match)', True),
        ('mlm_labels: 1 tokens to predict', False),
    ]


def test_options__of_each_question(dataset: TextDataset) -> None:
    item = item_of(
        dataset, ['a dog', 'a cat', 'a man', 'a car'], answer_labels=[1, 0]
    )
    assert [line for line, right in shown(item, dataset) if right] == [
        '1.  [CLS] a cat [SEP]  (right)',
        '2.  [CLS] a man [SEP]  (right)',
    ]


def test_answers__are_named(dataset: TextDataset) -> None:
    dataset.vocabulary = ['cat', 'dog']
    joined = SimpleNamespace(datasets=[dataset])
    item = item_of(
        dataset, ['a', 'a'], answer_labels=[1, -1], question_ids=[3, 4]
    )
    assert shown(item, joined)[2:] == [
        ('answer_labels: 1 = dog, -1 = not in the vocabulary', False),
        ('question_ids: [3, 4]', False),
    ]
    soft = np.array([[0.3, 1.0], [0.0, 0.0]], np.float32)
    item = item_of(dataset, ['a', 'a'], soft_labels=soft)
    assert shown(item, dataset)[2:] == [
        ('soft_labels: cat 0.3, dog 1; none', False)
    ]


def test_counts_and_long_values(dataset: TextDataset) -> None:
    item = item_of(
        dataset, ['a'], answer_labels=np.array([3]), other='x' * 300
    )
    assert shown(item, dataset)[1:] == [
        ('answer_labels: [3]', False),
        (f'other: {"x" * 160}...', False),
    ]


def test_retrieval_test__shows_the_rows_of_the_bank(
    dataset: TextDataset,
) -> None:
    tokens = dataset.tokenize.tokenize(['a dog', 'two people', 'a cat'])
    dataset.caption_bank = lambda: tokens
    item = item_of(dataset, [], own_text_inds=[2, 0])
    assert shown(item, dataset) == [
        ('scored with all 3 texts; its own:', False),
        ('2.  [CLS] a cat [SEP]', True),
        ('0.  [CLS] a dog [SEP]', True),
        ('own_text_inds: [2, 0]', False),
    ]
