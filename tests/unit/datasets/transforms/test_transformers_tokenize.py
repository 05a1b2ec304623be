# Copyright (c) clipbert_mm contributors.
"""Tokens of other models, against their tokenizers."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer, BertTokenizerFast

from clipbert_mm.datasets import TransformersTokenize

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
