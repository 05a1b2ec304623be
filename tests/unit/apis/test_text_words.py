# Copyright (c) clipbert_mm contributors.
"""Words of a text against its tokens."""

from pathlib import Path

import pytest

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.apis.text_words import Word, leave_out, text_words
from clipbert_mm.datasets.transforms import (
    BertTokenize,
    TransformersTokenize,
)
from tests.toolbox.small_image_text import write_with_words
from tests.toolbox.vocabulary import write_vocabulary

pytestmark = pytest.mark.slow


@pytest.fixture
def tokenize(inferencer: ClipBERTInferencer) -> BertTokenize:
    return inferencer._core.tokenize


def test_text_words__join_pieces(tmp_path: Path) -> None:
    pieces = ['a', 'red', '##x', '##y', ',', 'dog']
    tokenize = BertTokenize(write_vocabulary(tmp_path / 'v', pieces), 20)
    text = '  A redxy, dog '
    words = text_words(tokenize, text)
    assert [word.text for word in words] == ['A', 'redxy', ',', 'dog']
    assert [word.tokens for word in words] == [(1,), (2, 3, 4), (5,), (6,)]
    ids = tokenize.tokenize([text])['input_ids'][0]
    tokens = tokenize.tokenizer.convert_ids_to_tokens(ids)
    for word in words:
        assert text[word.start : word.end] == word.text
        joined = ''.join(tokens[i].removeprefix('##') for i in word.tokens)
        assert joined == word.text.lower()


def test_text_words__tokenizer_that_sees_one_word(tmp_path: Path) -> None:
    words = 'a red dog sits on sand'.split()
    write_with_words(tmp_path, 'siglip2', 'SiglipModel', words)
    tokenize = TransformersTokenize(str(tmp_path), 64)
    for text in ('a red dog sits', ' dogs  on sand '):
        found = text_words(tokenize, text)
        assert [word.text for word in found] == text.split()
        assert [text[w.start : w.end] for w in found] == text.split()
        pieces = [i for word in found for i in word.tokens]
        assert pieces == sorted(set(pieces))


def test_text_words__leave_out_what_is_cut(tokenize: BertTokenize) -> None:
    words = text_words(tokenize, 'dog ' * 200)
    assert words[-1].tokens[-1] == tokenize.max_txt_len - 2


def test_leave_out__every_place() -> None:
    text = 'a red ring'
    assert leave_out(text, Word('a', 0, 1, (1,))) == 'red ring'
    assert leave_out(text, Word('ring', 6, 10, (3,))) == 'a red'
    assert leave_out('dog', Word('dog', 0, 3, (1,))) == ''
