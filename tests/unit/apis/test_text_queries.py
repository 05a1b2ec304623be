# Copyright (c) clipbert_mm contributors.
"""Tests of checks of texts."""

import warnings

import pytest

from clipbert_mm.apis.text_queries import (
    check_understood,
    known_words,
    one_text,
    text_list,
)
from clipbert_mm.datasets.transforms import BertTokenize
from tests.toolbox.vocabulary import write_vocabulary


@pytest.fixture(scope='module')
def tokenize(tmp_path_factory: pytest.TempPathFactory) -> BertTokenize:
    folder = tmp_path_factory.mktemp('vocabulary') / 'tokenizer'
    write_vocabulary(folder, ('a', 'dog', 'run', '##s', 'собака'))
    return BertTokenize(str(folder), max_txt_len=6)


def test_text_list__one_or_many() -> None:
    assert text_list('texts', 'a dog') == ['a dog']
    assert text_list('texts', (t for t in ('a', 'b'))) == ['a', 'b']


def test_text_list__may_be_empty() -> None:
    assert text_list('texts', ['', ' '], True) == ['', ' ']
    with pytest.raises(ValueError, match='at least one text'):
        text_list('texts', [], True)


@pytest.mark.parametrize(
    'texts, error, message',
    [
        (None, TypeError, r'^texts must be .* got None \(NoneType\)\.$'),
        (b'a', TypeError, r'\(bytes\)'),
        ({'a': 1}, TypeError, r'\(dict\)'),
        (['a', ['b']], TypeError, r"^texts\[1\] must be .* got \['b'\]"),
        ([], ValueError, '^texts must hold at least one text'),
        (['a', '\t'], ValueError, r"^texts\[1\] must not be empty, but is '"),
    ],
)
def test_text_list__wrong(
    texts: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        text_list('texts', texts)


def test_one_text__list() -> None:
    with pytest.raises(TypeError, match=r"query must be one .* \['a'\]"):
        one_text('query', ['a'])


@pytest.mark.parametrize(
    'text, known, unknown',
    [
        ('a dog runs', ['a', 'dog', 'runs'], []),
        ('A Dog', ['A', 'Dog'], []),
        ('a blorp runs', ['a', 'runs'], ['blorp']),
        ('собака', ['собака'], []),
        ('кошка 🐕', [], ['кошка', '🐕']),
        ('dogs dogs', ['dogs', 'dogs'], []),  # a word is counted each time
        ('\u200b', [], []),
    ],
)
def test_known_words__pieces_of_a_word_go_together(
    tokenize: BertTokenize, text: str, known: list[str], unknown: list[str]
) -> None:
    assert known_words(tokenize.tokenizer, text) == (known, unknown)


def test_check_understood(tokenize: BertTokenize) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        check_understood(tokenize, ['a dog', 'a dog blorp'])
        check_understood(tokenize, ['dog blorp'])  # half of them
    with pytest.warns(UserWarning, match=r'1 of the 3 words .*: blip, blop\.'):
        check_understood(tokenize, ['a blip blop'])
    with pytest.warns(UserWarning, match='1 of 2 texts are cut to the 6 tok'):
        check_understood(tokenize, ['a dog a dog a', 'a dog'])
    with pytest.raises(ValueError, match="none of the 1 words of 'blorp'"):
        check_understood(tokenize, ['a dog', 'blorp'])
