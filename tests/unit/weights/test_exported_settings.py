# Copyright (c) clipbert_mm contributors.
"""The JSON file of an exported model is read strictly, and runs nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.models import ClipBERT
from clipbert_mm.weights.exported_settings import (
    format_settings,
    read_settings,
)
from clipbert_mm.weights.safe_settings import UnsafeSettingsError
from tests.toolbox.tiny_models import clipbert_config


def settings() -> dict[str, Any]:
    return dict(default_scope='mmaction', model=clipbert_config())


def written(tmp_path: Path, **changes: Any) -> Path:
    content = json.loads(format_settings(settings(), 'x'))
    content.update(changes)
    path = tmp_path / 'config.json'
    path.write_text(json.dumps(content))
    return path


def test_read_settings__as_written(tmp_path: Path) -> None:
    cfg = read_settings(written(tmp_path))
    assert json.loads(json.dumps(settings())) == cfg.to_dict()


def test_read_settings__tokenizer_in_the_folder(tmp_path: Path) -> None:
    model = clipbert_config(head=dict(tokenizer='tokenizer'))
    cfg = read_settings(written(tmp_path, model=model))
    assert cfg.model.head.tokenizer == str(tmp_path / 'tokenizer')


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            dict(custom_imports=dict(imports=['os'])),
            "but got 'custom_imports'",
        ),
        (dict(_base_=['a.py']), "but got '_base_'"),
        (dict(load_from='/a.pth'), "but got 'load_from'"),
        (dict(visualizer=dict(type='x')), "but got 'visualizer'"),
        (dict(default_scope='evil'), "must be 'mmaction', but got 'evil'"),
        (dict(format='other'), "expected format 'clipbert_mm model'"),
        (dict(format_version=2), 'version 1, but got .* version 2'),
        (dict(model=[1]), 'expected a model'),
        (dict(model=None), 'expected a model'),
        (dict(test_dataloader=[]), 'expected a model'),
        (dict(test_dataloader=dict(dataset=3)), 'expected a model'),
        (dict(test_dataloader=dict(sampler=dict())), 'expected a model'),
        (
            dict(test_dataloader=dict(dataset=dict(ann_file='/a'))),
            'pipeline, tokenize, type of its dataset',
        ),
        (dict(model=dict(type='os.system', command='ls')), 'not registered'),
        *(
            (
                dict(
                    test_dataloader=dict(
                        dataset=dict(type='VideoTextRetrieval', pipeline=steps)
                    )
                ),
                message,
            )
            for steps, message in (
                (None, 'a list of transforms as the pipeline .*got None'),
                ('LoadVideo', "a list of transforms .*got 'LoadVideo'"),
                (['LoadVideo'], "a dict with a type .*got 'LoadVideo'"),
                ([dict(num_clips=2)], 'a dict with a type .*num_clips'),
            )
        ),
    ],
)
def test_read_settings__other_members(
    tmp_path: Path, changes: dict, message: str
) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(UnsafeSettingsError, match=message) as caught:
        read_settings(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    'text, message',
    [
        ('', 'expected JSON'),
        ('<html>', 'expected JSON'),
        ('[1]', 'expected a JSON object, but got list'),
        ('{"format": 1, "format": 2}', 'expected JSON'),
        ('{"a":' * 100000 + '1' + '}' * 100000, 'expected JSON'),
        ('{"a": ' + '9' * 5000 + '}', 'expected JSON'),
        ('{"a": "\\ud800"}', 'expected JSON'),
    ],
)
def test_read_settings__no_json(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / 'config.json'
    path.write_text(text)
    with pytest.raises(UnsafeSettingsError, match=message):
        read_settings(path)


def test_read_settings__bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / 'config.json'
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(UnsafeSettingsError, match='expected JSON'):
        read_settings(path)


def test_read_settings__size_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / 'config.json'
    with path.open('wb') as file:
        file.truncate(1 << 40)  # takes no space
    with pytest.raises(UnsafeSettingsError, match='at most 67108864 bytes'):
        read_settings(path)


def test_format_settings__classes_are_named() -> None:
    model = clipbert_config()
    text = format_settings(dict(model=dict(model, type=ClipBERT)), 'x')
    assert json.loads(text)['model']['type'] == 'ClipBERT'


def test_format_settings__values_without_json() -> None:
    model = clipbert_config(head=dict(other={1, 2}))
    with pytest.raises(
        UnsafeSettingsError, match=r'\{1, 2\} of the config cannot be written'
    ):
        format_settings(dict(model=model), 'x')


def test_read_settings__byte_order_mark(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    assert json.loads(json.dumps(settings())) == read_settings(path).to_dict()
