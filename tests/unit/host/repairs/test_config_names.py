# Copyright (c) clipbert_mm contributors.
"""Tests of ``clipbert_mm::<name>`` in ``_base_`` and in MMEngine's hub."""

from pathlib import Path

import pytest
from mmengine import hub
from mmengine.config import Config

from clipbert_mm import config_file


@pytest.mark.parametrize('suffix', ['', '.py'])
def test_base__is_found_from_any_folder(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / 'own.py'
    path.write_text(
        f"_base_ = ['clipbert_mm::clipbert_msrvtt_ret{suffix}']\n"
        'settings = dict(num_workers=1)\n'
    )
    cfg = Config.fromfile(path)
    expected = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    assert cfg.model == expected.model
    assert '_scope_' not in cfg.model
    assert cfg.val_dataloader.num_workers == 1


def test_base__may_be_a_part(tmp_path: Path) -> None:
    path = tmp_path / 'own.py'
    path.write_text(
        "_base_ = ['clipbert_mm::_base_/models/clipbert_r50-grid.py']\n"
    )
    assert Config.fromfile(path).model.type == 'ClipBERT'


def test_base__misspelt(tmp_path: Path) -> None:
    path = tmp_path / 'own.py'
    path.write_text("_base_ = ['clipbert_mm::clipbert_msrvt_ret.py']\n")
    with pytest.raises(
        FileNotFoundError, match="Did you mean 'clipbert_msrvtt_ret'"
    ):
        Config.fromfile(path)


def test_get_config() -> None:
    cfg = hub.get_config('clipbert_mm::clipbert_msrvtt_ret.py')
    expected = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    assert cfg.to_dict() == expected.to_dict()


def test_get_model__has_no_published_weights() -> None:
    with pytest.raises(
        ValueError, match='No weights are published for .*convert_weights.py'
    ):
        hub.get_model('clipbert_mm::clipbert_msrvtt_ret.py', pretrained=True)


def test_get_config__of_other_packages_is_mmengines() -> None:
    with pytest.raises(AssertionError, match='does not support to load foo'):
        hub.get_config('foo::a/b.py')


def test_get_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = tmp_path / 'data' / 'quickstart' / 'tokenizer'
    tokenizer.mkdir(parents=True)
    words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
    words += [f'w{i}' for i in range(121)]
    (tokenizer / 'vocab.txt').write_text('\n'.join(words))
    monkeypatch.chdir(tmp_path)
    model = hub.get_model('clipbert_mm::quickstart/retrieval.py')
    assert type(model).__name__ == 'ClipBERT'
