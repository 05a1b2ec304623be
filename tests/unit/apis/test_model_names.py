# Copyright (c) clipbert_mm contributors.
"""Tests of the names of models."""

import os
from pathlib import Path

import pytest
from mmengine.config import Config

from clipbert_mm.apis.demo_files import DEMO
from clipbert_mm.apis.model_names import find_model
from clipbert_mm.utils.config_files import config_file


def test_find_model__config_itself() -> None:
    config = Config(dict(model=dict(type='ClipBERT')))
    assert find_model(config) is config


@pytest.mark.parametrize('kind', [str, Path, os.fsencode])
def test_find_model__folder(tmp_path: Path, kind: type) -> None:
    folder = tmp_path / 'exported'
    folder.mkdir()
    if kind is os.fsencode:
        with pytest.raises(TypeError, match='^model must be a folder, a con'):
            find_model(kind(folder))
    else:
        assert find_model(kind(folder)) == str(folder)


@pytest.mark.parametrize(
    'name',
    [
        'clipbert_msrvtt_ret',
        'clipbert_msrvtt_ret.py',
        'configs/clipbert_msrvtt_ret.py',
        'quickstart/retrieval',  # could be a name of the hub
    ],
)
def test_find_model__shipped_config(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_model(name) == config_file(name)


def test_find_model__folder_named_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # checkouts of MMAction2 have a folder demo
    (tmp_path / 'demo').mkdir()
    assert find_model('demo') == str(DEMO / 'retrieval')
    assert find_model('./demo') == './demo'
    assert find_model(Path('demo')) == 'demo'


def test_find_model__weights(tmp_path: Path) -> None:
    path = tmp_path / 'epoch_2.pth'
    path.touch()
    with pytest.raises(ValueError, match=r"epoch_2.pth' is a file of weights"):
        find_model(path)


@pytest.mark.parametrize('value', [None, 3, ['demo'], b'demo', {}])
def test_find_model__another_type(value: object) -> None:
    with pytest.raises(
        TypeError,
        match=r"^model must be a folder, a config or a name such as 'demo', "
        rf'but got .* \({type(value).__name__}\)\.$',
    ):
        find_model(value)


@pytest.mark.parametrize(
    'name, hint',
    [
        ('', 'Pass a folder that'),
        ('no', 'Pass a folder that'),
        ('demos', "Did you mean 'demo'"),
        ('clipbert_msrvt_ret', "Did you mean 'clipbert_msrvtt_ret'"),
        ('/no/such/folder', 'Pass a folder that'),
        ('https://example.org/model', 'Pass a folder that'),
        ('../a', 'Pass a folder that'),
    ],
)
def test_find_model__unknown(name: str, hint: str) -> None:
    with pytest.raises(
        FileNotFoundError, match=f"^There is no model '{name}'. {hint}"
    ):
        find_model(name)
