# Copyright (c) clipbert_mm contributors.
"""Tests of the files of an exported model."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.apis.demo_files import demo_model
from clipbert_mm.weights import UnsafeSettingsError
from clipbert_mm.weights.model_folder import write_model_folder


@pytest.fixture(scope='module')
def inferencer() -> ClipBERTInferencer:
    return ClipBERTInferencer('demo', device='cpu')


def test_write_model_folder__tokenizer_names_no_machine_and_no_code(
    inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    source = tmp_path / 'source'
    source.mkdir()
    (source / 'vocab.txt').write_text('[PAD]\n[UNK]')
    (source / 'model.bin').touch()
    options = dict(
        do_lower_case=True,
        name_or_path='/home/me',
        vocab_file='/home/me/vocab.txt',
        auto_map=dict(AutoTokenizer='code.Tokenizer'),
    )
    (source / 'tokenizer_config.json').write_text(json.dumps(options))
    config = inferencer.cfg.copy()
    config.model.head.tokenizer = str(source)
    config.test_dataloader.dataset.tokenize.tokenizer = str(source)
    folder = tmp_path / 'folder'
    folder.mkdir()
    state = inferencer.model.state_dict()
    write_model_folder(folder, state, config, 'name')
    files = {path.name for path in (folder / 'tokenizer').iterdir()}
    assert files == {'vocab.txt', 'tokenizer_config.json'}
    written = (folder / 'tokenizer' / 'tokenizer_config.json').read_text()
    assert json.loads(written) == dict(do_lower_case=True)
    assert json.loads((folder / 'config.json').read_text())['config'] == 'name'


def test_write_model_folder__over_the_folder_it_was_read_from(
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(demo_model('demo'), tmp_path / 'demo')
    first = ClipBERTInferencer(folder, device='cpu')
    state = first.model.state_dict()
    vocabulary = (folder / 'tokenizer' / 'vocab.txt').read_bytes()
    write_model_folder(folder, state, first.cfg, 'name')
    assert (folder / 'tokenizer' / 'vocab.txt').read_bytes() == vocabulary
    again = ClipBERTInferencer(folder, device='cpu').model.state_dict()
    assert all(torch.equal(again[name], state[name]) for name in state)


def test_write_model_folder__unsafe_settings_write_nothing(
    inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    config = inferencer.cfg.copy()
    config.model.backbone.type = 'os.system'
    with pytest.raises(UnsafeSettingsError, match=r"type is 'os\.system'"):
        write_model_folder(tmp_path, {}, config, 'name')
    assert not any(tmp_path.iterdir())
