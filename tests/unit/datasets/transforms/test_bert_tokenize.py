# Copyright (c) clipbert_mm contributors.
"""Tests of tokenising, against transformers and the reference."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from transformers import BertTokenizerFast

from clipbert_mm.datasets import BertTokenize
from tests.toolbox.reference_data import load_json

TEXTS = ['A man, playing!', 'dogs', 'the woman is playing the red guitar', '']


def test_bert_tokenize__is_what_transformers_gives(vocab_dir: str) -> None:
    got = BertTokenize(vocab_dir, max_txt_len=6)(dict(texts=TEXTS))
    expected = BertTokenizerFast.from_pretrained(vocab_dir)(
        TEXTS, padding=True, truncation=True, max_length=6
    )
    assert got['input_ids'].tolist() == expected['input_ids']
    assert got['attention_mask'].tolist() == expected['attention_mask']
    assert got['input_ids'].dtype == got['attention_mask'].dtype == np.int64


def test_bert_tokenize__cut_texts_keep_their_end(vocab_dir: str) -> None:
    ids = BertTokenize(vocab_dir, max_txt_len=5)(dict(texts=TEXTS))
    assert ids['input_ids'].shape == (4, 5)
    assert ids['input_ids'][2, [0, -1]].tolist() == [2, 3]  # [CLS] and [SEP]
    assert ids['input_ids'][3].tolist() == [2, 3, 0, 0, 0]


def test_bert_tokenize__pads_to_the_longest_of_the_item(
    vocab_dir: str,
) -> None:
    ids = BertTokenize(vocab_dir, max_txt_len=50)(dict(texts=['dog', 'a dog']))
    assert ids['input_ids'].shape == (2, 4)
    assert ids['attention_mask'].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


@pytest.mark.slow
def test_bert_tokenize__threads_share_a_tokenizer(vocab_dir: str) -> None:
    # One that cuts and one that does not.
    transforms = [BertTokenize(vocab_dir, length) for length in (4, 50)]
    assert transforms[0].tokenizer is transforms[1].tokenizer
    with ThreadPoolExecutor(4) as threads:
        results = threads.map(
            lambda i: transforms[i % 2].tokenize(TEXTS * 2), range(2000)
        )
        shapes = [tokens['input_ids'].shape for tokens in results]
    assert shapes == [(8, 4), (8, 9)] * 1000


def test_bert_tokenize__counts_texts_that_are_cut(vocab_dir: str) -> None:
    tokenize = BertTokenize(vocab_dir, max_txt_len=5)
    texts = ['a a a', 'a a a a', 'aaaaaaaaa', 'dogs dogs', 'a']
    # 5, 6, 3 ([UNK]), 6 and 3 tokens.
    assert tokenize.count_longer(texts) == 2
    assert tokenize.count_longer(['a']) == 0


def test_bert_tokenize__ids_of_the_reference(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Rebuild the words of the stored ids that its captions give away."""
    stored = load_json()['tokenizer_2.11.0']
    words = {0: '[PAD]', 1: '[UNK]', 2: '[CLS]', 3: '[SEP]'}
    split = [
        'a man is playing guitar'.split(),
        'two people are cooking food in the kitchen while music'.split(),
        ['dog', '##s'],
        ['the', 'red', 'car'],
        [],
    ]
    for ids, tokens in zip(stored['fast']['input_ids'], split, strict=True):
        words.update(zip(ids[1:], tokens, strict=False))
    lines = [words.get(i, f'[unused{i}]') for i in range(stored['fast']['n'])]
    lines[4] = '[MASK]'
    folder = tmp_path_factory.mktemp('reference_bert')
    (folder / 'vocab.txt').write_text('\n'.join(lines))
    got = BertTokenize(str(folder), 12)(dict(texts=stored['captions']))
    assert got['input_ids'].tolist() == stored['fast']['input_ids']
    assert got['attention_mask'].tolist() == stored['fast']['attention_mask']


@pytest.mark.parametrize('length', [0, 2, 4.5])
def test_bert_tokenize__no_room_for_a_word(
    vocab_dir: str, length: int
) -> None:
    with pytest.raises(ValueError, match=f'max_txt_len .* but got {length}'):
        BertTokenize(vocab_dir, length)
