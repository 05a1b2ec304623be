# Copyright (c) clipbert_mm contributors.
"""Tests of loading tokenizers; none reaches the network."""

from pathlib import Path

import pytest

from clipbert_mm.datasets.tokenizer import load_tokenizer


def test_load_tokenizer__folder_with_a_vocab_txt(
    vocab_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_tokenizer.cache_clear()

    def refuse(*args, **kwargs):
        raise AssertionError('a local folder must not reach the network')

    monkeypatch.setattr('socket.socket.connect', refuse)
    monkeypatch.setattr('socket.getaddrinfo', refuse)
    tokenizer = load_tokenizer(vocab_dir)
    assert tokenizer.is_fast
    assert tokenizer('A dog').input_ids == [2, 5, 8, 3]  # lower-cased


def test_load_tokenizer__same_object_for_the_same_folder(
    vocab_dir: str,
) -> None:
    assert load_tokenizer(vocab_dir) is load_tokenizer(vocab_dir)


def test_load_tokenizer__unreachable_hub_says_what_to_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_network(*args, **kwargs):
        raise OSError('no network')

    monkeypatch.setattr('socket.socket.connect', no_network)
    monkeypatch.setattr('socket.getaddrinfo', no_network)
    with pytest.raises(
        OSError, match="'nobody/no-such-bert'.*pass its folder"
    ):
        load_tokenizer('nobody/no-such-bert')


def test_load_tokenizer__folder_that_does_not_exist() -> None:
    with pytest.raises(OSError, match="'./no/such/folder' is neither"):
        load_tokenizer('./no/such/folder')


def test_load_tokenizer__folder_without_a_vocabulary(tmp_path: Path) -> None:
    (tmp_path / 'config.json').write_text('{}')
    with pytest.raises(FileNotFoundError, match=r"only \['config.json'\]"):
        load_tokenizer(str(tmp_path))


def test_load_tokenizer__vocabulary_without_a_special_token(
    tmp_path: Path,
) -> None:
    (tmp_path / 'vocab.txt').write_text('[PAD]\n[UNK]\n[CLS]\n[SEP]\na')
    with pytest.raises(ValueError, match=r"lacks \['\[MASK\]'\]"):
        load_tokenizer(str(tmp_path))
