# Copyright (c) clipbert_mm contributors.
"""Tests of texts that are decoded from their tokens."""

from types import SimpleNamespace

import numpy as np
import pytest

from clipbert_mm.datasets import BertTokenize
from clipbert_mm.datasets.decoded_texts import (
    decode_texts,
    find_tokenizer,
    show_tokens,
)
from clipbert_mm.datasets.tokenizer import load_tokenizer


def test_decode__what_the_model_knows_of_a_text(vocab_dir: str) -> None:
    tokenize = BertTokenize(vocab_dir, max_txt_len=6)
    tokens = tokenize.tokenize(
        ['A man PLAYS guitar in the car', 'zebras playing', 'a dog']
    )
    assert decode_texts(tokenize.tokenizer, **tokens) == [
        'a man plays guitar',
        '[UNK] playing',
        'a dog',
    ]


def test_show_tokens__masks_labels_and_padding(vocab_dir: str) -> None:
    tokenize = BertTokenize(vocab_dir, max_txt_len=9)
    tokenizer = tokenize.tokenizer
    tokens = tokenize.tokenize(['a dog runs', 'a cats'])
    assert show_tokens(tokenizer, **tokens) == [
        '[CLS] a dog [UNK] [SEP]',
        '[CLS] a cat ##s [SEP]',
    ]
    ids = tokens['input_ids']
    labels = np.full_like(ids, -100)
    labels[0, 2] = ids[0, 2]
    ids[0, 2] = tokenizer.mask_token_id
    tokens['attention_mask'][1, 3:] = 0
    assert show_tokens(tokenizer, **tokens, mlm_labels=labels) == [
        '[CLS] a [MASK]→dog [UNK] [SEP]',
        '[CLS] a cat + 2 padding',
    ]


class Member:
    """The part of a dataset that names its tokenizers."""

    def __init__(self, tokenizers: list[BertTokenize]) -> None:
        self.tokenizers = tokenizers

    def bert_tokenizers(self) -> list[BertTokenize]:
        return self.tokenizers


def test_find_tokenizer__of_a_dataset_or_a_member(vocab_dir: str) -> None:
    expected = load_tokenizer(vocab_dir)
    member = Member([BertTokenize(vocab_dir, max_txt_len=6)])
    assert find_tokenizer(member) is expected
    joined = SimpleNamespace(datasets=[Member([]), member])
    assert find_tokenizer(joined) is expected
    with pytest.raises(ValueError, match='^Member has no BertTokenize'):
        find_tokenizer(Member([]))
