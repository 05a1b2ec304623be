# Copyright (c) clipbert_mm contributors.
"""Tests of the check of the files that a model starts from, on real files."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch
from mmengine.logging import HistoryBuffer
from safetensors.torch import save_file

from clipbert_mm.datasets.checking.report import CheckReport
from clipbert_mm.datasets.checking.starts import check_starts
from tests.toolbox.vocabulary import write_vocabulary

LFS = 'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n'
PAGE = '<!DOCTYPE html><html><body>404</body></html>'
GRID = {'stem.conv1.weight': torch.zeros(2)}
WHOLE = {
    'backbone.stem.conv1.weight': torch.zeros(2),
    'neck.conv.weight': torch.zeros(2),
    'head.bert.embeddings.word_embeddings.weight': torch.zeros(2),
}
PARTS = dict(
    backbone=dict(type='ResNet50Grid'), neck=dict(), head=dict(), task=dict()
)


def problems(
    load_from: Any = None, training: bool = True, **parts: Any
) -> list[str]:
    """Return the problems of a config, with their kinds."""
    report = CheckReport('config')
    cfg = dict(load_from=load_from, model={**PARTS, **parts})
    check_starts(cfg, report, training)
    return [
        f'{problem.kind}: {problem.message}' for problem in report.problems
    ]


def grid(path: Any, prefix: str | None = None, **options: Any) -> dict:
    init = dict(type='Pretrained', checkpoint=str(path), prefix=prefix)
    return dict(type='ResNet50Grid', init_cfg=init, **options)


def save(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize('name', ['a.pth', 'a.safetensors'])
@pytest.mark.parametrize('wrapper', ['', 'module.', '_orig_mod.module.'])
def test_checkpoints__right(tmp_path: Path, name: str, wrapper: str) -> None:
    def write(tensors: dict, name: str) -> Path:
        tensors = {wrapper + key: value for key, value in tensors.items()}
        if name.endswith('.pth'):
            buffer = HistoryBuffer([1.0], [1])
            state = dict(state_dict=tensors, message_hub=dict(loss=buffer))
            return save(tmp_path / name, state)
        save_file(tensors, tmp_path / name)
        return tmp_path / name

    whole = write(WHOLE, f'whole_{name}')
    part = write(GRID, f'part_{name}')
    assert problems(str(whole)) == []
    assert problems(backbone=grid(part)) == []
    assert problems(backbone=grid(whole, 'backbone')) == []
    # load_from holds what init_cfg would load
    assert problems(str(whole), backbone=grid('nowhere.pth')) == []
    # testing reads neither
    assert problems('a.pth', False, backbone=grid('nowhere.pth')) == []
    assert problems('https://127.0.0.1/a.pth') == []


def test_checkpoints__of_an_older_torch(tmp_path: Path) -> None:
    path = tmp_path / 'old.pth'
    torch.save(WHOLE, path, _use_new_zipfile_serialization=False)
    assert problems(str(path)) == []


def wrong_files(folder: Path) -> dict[str, Any]:
    """Write wrong files and return the reasons against them, by name."""
    save(folder / 'cut.pth', WHOLE)
    whole = (folder / 'cut.pth').read_bytes()
    (folder / 'cut.pth').write_bytes(whole[: len(whole) // 2])
    (folder / 'lfs.pth').write_text(LFS)
    (folder / 'lfs.safetensors').write_text(LFS)
    (folder / 'page.pth').write_text(PAGE)
    (folder / 'empty.pth').touch()
    (folder / 'folder.pth').mkdir()
    (folder / 'video.pth').write_bytes(b'\0\0\0\x18ftypmp42' + b'x' * 99)
    (folder / 'cut.safetensors').write_bytes(b'\xff' * 20)
    save(folder / 'list.pth', [1, 2])
    (folder / 'code.pkl').write_bytes(b'cos\nsystem\n(S"true"\ntR.')
    return {
        'missing.pth': 'there is no file',
        'lfs.pth': 'it is a Git LFS pointer; run `git lfs pull`',
        'lfs.safetensors': 'it is a Git LFS pointer',
        'page.pth': 'it is a web page',
        'empty.pth': 'it is empty',
        'folder.pth': 'is not a file',
        'video.pth': 'it is an MP4',
        'cut.pth': '',
        'cut.safetensors': 'cannot be read',
        'list.pth': 'list',
        'code.pkl': '',
    }


def test_checkpoints__wrong(tmp_path: Path) -> None:
    for name, reason in wrong_files(tmp_path).items():
        path = tmp_path / name
        (whole,) = problems(str(path))
        (part,) = problems(backbone=grid(path))
        assert whole.startswith(f'load_from: {str(path)!r}') or reason == (
            'there is no file'
        )
        assert part.startswith('init_cfg of model.backbone: ')
        for message in (whole, part):
            assert str(path) in message
            assert reason in message, message


def test_checkpoints__of_another_kind(tmp_path: Path) -> None:
    official = save(
        tmp_path / 'official.pt', {'cnn.feature.weight': torch.zeros(2)}
    )
    assert problems(str(official)) == [
        f'load_from: {str(official)!r} is no checkpoint of ClipBERT: it has '
        "no tensors of ['backbone', 'neck', 'head'], but such as "
        "['cnn.feature.weight']. Convert it with `python "
        'tools/convert_weights.py`, or set init_cfg of a part instead of '
        'load_from.'
    ]
    (message,) = problems(backbone=grid(official))
    assert "it has no 'stem.conv1.weight', but tensors such as" in message
    (message,) = problems(backbone=grid(official, 'backbone'))
    assert "no tensors under the prefix 'backbone', but such as" in message
    # the names of another backbone are unknown
    other = dict(grid(official), type='MobileNetV2')
    assert problems(backbone=other) == []


@pytest.mark.parametrize('prefix', ['net', 'model.', 'module.backbone'])
def test_checkpoints__prefix_of_a_wrapper(tmp_path: Path, prefix: str) -> None:
    start = prefix.rstrip('.')
    tensors = {f'{start}.{name}': value for name, value in GRID.items()}
    path = save(tmp_path / 'a.pth', tensors)
    assert problems(backbone=grid(path, prefix)) == []


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """A folder of BERT: configuration, vocabulary and weights."""
    folder = tmp_path / 'bert'
    write_vocabulary(folder, ['a', 'dog'])
    (folder / 'config.json').write_text(
        json.dumps(dict(model_type='bert', vocab_size=7))
    )
    name = 'bert.embeddings.word_embeddings.weight'
    save_file({name: torch.zeros(7, 2)}, folder / 'model.safetensors')
    return folder


def test_bert__right(bert: Path) -> None:
    head = dict(bert=str(bert), tokenizer=str(bert))
    assert problems(head=head) == []
    assert problems(head=head, training=False) == []
    torch.save(
        {'bert.embeddings.word_embeddings.weight': torch.zeros(7, 2)},
        bert / 'pytorch_model.bin',
    )
    (bert / 'model.safetensors').unlink()
    assert problems(head=head) == []
    assert (
        problems(head=dict(bert=dict(vocab_size=7), tokenizer=str(bert))) == []
    )


@pytest.mark.parametrize(
    'name, content, reason',
    [
        ('config.json', None, 'has no config.json'),
        ('config.json', LFS, 'it is a Git LFS pointer'),
        ('config.json', '{', 'is no configuration of a model: JSONDecode'),
        ('config.json', '[]', 'is no configuration of a model: Attribut'),
        ('config.json', '{}', 'has 7 tokens, but BERT .* embeddings of 30522'),
        (
            'config.json',
            '{"model_type": "distilbert"}',
            "of type 'distilbert', but ClipBERT needs 'bert'",
        ),
        ('model.safetensors', None, 'has no weights, none of'),
        ('model.safetensors', LFS, 'is no checkpoint: it is a Git LFS'),
        ('vocab.txt', None, 'must be a folder with a vocab.txt'),
        ('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n', 'has 5 tokens'),
        ('vocab.txt', LFS, 'must have the special tokens'),
    ],
)
def test_bert__wrong(
    bert: Path, name: str, content: str | None, reason: str
) -> None:
    (bert / name).unlink()
    if content is not None:
        (bert / name).write_text(content)
    (message,) = problems(head=dict(bert=str(bert), tokenizer=str(bert)))
    is_tokenizer = 'tokens' in reason or name == 'vocab.txt'
    kind = 'head.tokenizer' if is_tokenizer else 'head.bert'
    assert message.startswith(f'{kind}: ')
    assert re.search(reason, message)


def test_bert__of_another_program(bert: Path) -> None:
    save_file({'a.weight': torch.zeros(2)}, bert / 'model.safetensors')
    (message,) = problems(head=dict(bert=str(bert)))
    assert "is no BERT: it has no 'word_embeddings', but tensors" in message


def test_bert__missing(
    bert: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(bert)
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_OFFLINE', True)
    monkeypatch.chdir(tmp_path)
    for name in (str(bert), 'no-such-bert'):
        (message,) = problems(head=dict(bert=name))
        assert message.startswith(
            f'head.bert: {name!r} is neither a local folder nor a name that '
        )
        assert 'bert=FOLDER' in message
