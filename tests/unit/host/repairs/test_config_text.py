# Copyright (c) clipbert_mm contributors.
"""Tests of the text of a config, which is formatted once and quickly."""

from typing import Any

import pytest
from mmengine.config import Config, config

from clipbert_mm.host.repairs import config_text
from clipbert_mm.utils.config_files import config_file


@pytest.mark.slow
def test_pretty_text__formatted_once_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    def format_code(*args: Any, **kwargs: Any) -> tuple[str, bool]:
        calls.append(args)
        return original(*args, **kwargs)

    original = config_text._format_code
    monkeypatch.setattr(config_text, '_format_code', format_code)
    cfg = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    text = cfg.pretty_text
    assert (cfg.pretty_text, len(calls)) == (text, 1)
    monkeypatch.setattr(config, 'FormatCode', original)
    assert cfg.pretty_text == text
    monkeypatch.undo()
    cfg.work_dir = 'another'
    assert cfg.pretty_text != text


def test_pretty_text__of_long_paths_is_the_same_config(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = []

    def format_code(text: str, style_config: dict) -> tuple[str, bool]:
        limits.append(style_config['column_limit'])
        return original(text, style_config=style_config)

    original = config_text._format_code
    monkeypatch.setattr(config_text, '_format_code', format_code)
    cfg = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    cfg.work_dir = '/'.join(['a folder'] * 12)
    cfg.test_dataloader.dataset.data_root = cfg.work_dir
    text = cfg.pretty_text
    assert f"work_dir = '{cfg.work_dir}'\n" in text
    assert max(map(len, text.splitlines())) < len(cfg.work_dir) + 40
    (limit,) = limits  # else yapf tries every way to break other lines
    assert limit >= len(cfg.work_dir)
    assert Config.fromstring(text, '.py').to_dict() == cfg.to_dict()


def test_pretty_text__that_is_no_python_is_refused_each_time() -> None:
    cfg = Config(dict(value=float))  # written as <class 'float'>
    for _ in range(2):
        with pytest.raises(SyntaxError, match='Failed to format'):
            _ = cfg.pretty_text
    assert Config(dict()).pretty_text == '\n'
