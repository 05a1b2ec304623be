# Copyright (c) clipbert_mm contributors.
"""Tests of loading tokenizers; none reaches the network."""

import shutil
from pathlib import Path

import pytest
from mmengine.logging import MMLogger

from clipbert_mm.datasets.tokenizer import load_tokenizer
from tests.toolbox.vocabulary import write_vocabulary


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


CASED = ('man', 'Man', '##s')


def test_load_tokenizer__cased_vocabulary_is_not_lower_cased(
    tmp_path: Path,
) -> None:
    folder = write_vocabulary(tmp_path, CASED)
    message = (
        "tokenizer='.*' lower-cases texts, but 1 words of its vocabulary have "
        "capitals, such as 'Man'.*do_lower_case"
    )
    with pytest.raises(ValueError, match=message):
        load_tokenizer(folder)
    settings = tmp_path / 'tokenizer_config.json'
    settings.write_text('{"do_lower_case": true}')
    with pytest.raises(ValueError, match=message):
        load_tokenizer(folder)
    settings.write_text('{"do_lower_case": false}')
    assert load_tokenizer(folder).tokenize('Man mans') == ['Man', 'man', '##s']


def test_load_tokenizer__cased_tokenizer_json_without_settings(
    tmp_path: Path,
) -> None:
    """Transformers lower-cases it, although the file says otherwise."""
    folder = write_vocabulary(tmp_path / 'a', CASED)
    (tmp_path / 'a' / 'tokenizer_config.json').write_text(
        '{"do_lower_case": false}'
    )
    load_tokenizer(folder).save_pretrained(tmp_path / 'b')
    assert len(load_tokenizer(str(tmp_path / 'b'))) == 8
    (tmp_path / 'b' / 'tokenizer_config.json').unlink()
    shutil.copytree(tmp_path / 'b', tmp_path / 'c')
    with pytest.raises(ValueError, match='lower-cases texts'):
        load_tokenizer(str(tmp_path / 'c'))


def test_load_tokenizer__names_in_brackets_are_not_cased(
    tmp_path: Path,
) -> None:
    folder = write_vocabulary(tmp_path, ['[unused1]', '[FOO]', 'man'])
    assert load_tokenizer(folder).tokenize('Man') == ['man']


def test_load_tokenizer__uncased_vocabulary_that_keeps_capitals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_vocabulary(tmp_path, ['man'])
    (tmp_path / 'tokenizer_config.json').write_text('{"do_lower_case": false}')
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        tokenizer = load_tokenizer(folder)
    finally:
        logger.removeHandler(caplog.handler)
    assert tokenizer.tokenize('Man man') == ['[UNK]', 'man']
    assert 'keeps capitals, but no word' in caplog.text


@pytest.mark.parametrize('name', ['vocab.txt', 'tokenizer_config.json'])
@pytest.mark.parametrize('content', [bytes(range(256)), b'<html>'])
def test_load_tokenizer__damaged_file(
    name: str, content: bytes, tmp_path: Path
) -> None:
    write_vocabulary(tmp_path, ['dog'])
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"okenizer='{tmp_path}' .*"):
        load_tokenizer(str(tmp_path))
