# Copyright (c) clipbert_mm contributors.
"""Tokens of other models, against their tokenizers."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer, BertTokenizerFast

from clipbert_mm.datasets import TransformersTokenize
from clipbert_mm.datasets.transforms.transformers_tokenize import (
    load_any_tokenizer,
)
from tests.toolbox.small_image_text import write_piece_tokenizer

TEXTS = ['a man, playing!', 'dogs', 'the woman is playing the red guitar']


@pytest.fixture(scope='module')
def folder(vocab_dir: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp('model')
    BertTokenizerFast.from_pretrained(vocab_dir).save_pretrained(path)
    return str(path)


@pytest.mark.parametrize('padding', ['longest', 'max_length'])
def test_transformers_tokenize__is_what_transformers_gives(
    folder: str, padding: str
) -> None:
    found = TransformersTokenize(folder, 6, padding)(dict(texts=TEXTS))
    expected = AutoTokenizer.from_pretrained(folder)(
        TEXTS, padding=padding, truncation=True, max_length=6
    )
    assert found['input_ids'].tolist() == expected['input_ids']
    mask = found['attention_mask']
    if padding == 'longest':
        assert mask.tolist() == expected['attention_mask']
    else:
        assert mask.all()


def test_transformers_tokenize__says_which_folder_to_pass(
    tmp_path: Path,
) -> None:
    with pytest.raises(OSError, match='pass the folder of the model'):
        TransformersTokenize(str(tmp_path / 'none'), 6)


def test_load_any_tokenizer__of_siglip_2_lower_cases(tmp_path: Path) -> None:
    write_piece_tokenizer(tmp_path, ' '.join(TEXTS).split())
    tokenizer = load_any_tokenizer(str(tmp_path))
    plain = AutoTokenizer.from_pretrained(tmp_path)
    texts = ['A Man, playing!', 'DOGS', 'the woman']
    expected = plain([text.lower() for text in texts])['input_ids']
    assert plain(texts)['input_ids'] != expected
    assert tokenizer(texts)['input_ids'] == expected
    tokenizer.save_pretrained(tmp_path)
    load_any_tokenizer.cache_clear()
    again = load_any_tokenizer(str(tmp_path))
    assert again(texts)['input_ids'] == expected
