# Copyright (c) clipbert_mm contributors.
"""Tests of the ONNX graphs in exported folders."""

from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from clipbert_mm.models import ClipBERT
from clipbert_mm.models.onnx.onnx_matcher import OnnxMatcher, open_session
from clipbert_mm.weights import UnsafeSettingsError, export_model
from clipbert_mm.weights.onnx_files import (
    GRID_FILES,
    HEAD_FILES,
    StaleGraphError,
    copy_graphs,
    read_int8_graphs,
    write_graphs,
    write_int8_grid,
)
from tests.toolbox.tiny_models import (
    clipbert_config,
    tiny_clipbert,
    tiny_inputs,
)

READ = [HEAD_FILES['int8'], *GRID_FILES.values()]
VIT = dict(
    model_type='vit',
    hidden_size=8,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=8,
    image_size=32,
    patch_size=16,
)


@pytest.fixture
def model() -> ClipBERT:
    return tiny_clipbert().eval()


@pytest.fixture
def folder(model: ClipBERT, tmp_path: Path) -> Path:
    return export(model, clipbert_config(), tmp_path)


def export(model: ClipBERT, config: dict, tmp_path: Path) -> Path:
    torch.save(model.state_dict(), tmp_path / 'tiny.pth')
    whole = Config(dict(model=config, test_dataloader=dict(dataset={})))
    export_model(whole, tmp_path / 'tiny.pth', tmp_path / 'exported')
    return tmp_path / 'exported'


def test_write_graphs__score_as_the_model(
    folder: Path, model: ClipBERT
) -> None:
    paths = write_graphs(folder, 'float32')
    assert paths == [
        folder / HEAD_FILES['float32'],
        folder / GRID_FILES['float32'],
    ]
    matcher = OnnxMatcher(model, *(path.read_bytes() for path in paths))
    texts = torch.arange(12).view(1, 3, 4) % 15 + 5
    frames = tiny_inputs()['imgs'] / 50
    with torch.no_grad():
        text, visual = model.embed_texts(texts), model.encode_clips(frames)
        found = matcher.match(text, None, matcher.encode_clips(frames))
        expected = model.match(text, None, visual)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_read_int8_graphs__the_files_or_the_same_made_here(
    folder: Path, model: ClipBERT
) -> None:
    made = read_int8_graphs(None, model)
    assert read_int8_graphs(folder, model) == made
    paths = write_graphs(folder, 'int8')
    assert tuple(path.read_bytes() for path in paths) == made
    assert read_int8_graphs(folder, model) == made
    precisions = [
        open_session(graph).get_modelmeta().custom_metadata_map['precision']
        for graph in made
    ]
    assert precisions == ['int8', 'float32']


def test_write_int8_grid__is_read_instead(
    folder: Path, model: ClipBERT
) -> None:
    head, _ = read_int8_graphs(folder, model)
    videos = tiny_inputs()['imgs'] / 50
    path = write_int8_grid(folder, model, videos)
    assert path == folder / GRID_FILES['int8']
    assert read_int8_graphs(folder, model) == (head, path.read_bytes())
    with torch.no_grad():
        expected = model.encode_clips(videos)
    found = OnnxMatcher(model, head, path.read_bytes()).encode_clips(videos)
    assert 0 < (found - expected).abs().max() < 0.3  # of LayerNorm's scale


def test_graphs__a_cnn_that_has_none(tmp_path: Path) -> None:
    config = clipbert_config(neck=dict(in_channels=8))
    config['backbone'] = dict(type='TransformersVision', model=VIT)
    model = MODELS.build(config).eval()
    folder = export(model, config, tmp_path)
    made = read_int8_graphs(folder, model)
    assert write_graphs(folder, 'int8') == [folder / HEAD_FILES['int8']]
    assert read_int8_graphs(folder, model) == made
    assert made[1] is None
    assert write_int8_grid(folder, model, []) is None


@pytest.mark.parametrize('name', READ)
def test_read_int8_graphs__of_other_weights(
    folder: Path, model: ClipBERT, name: str
) -> None:
    write_graphs(folder, 'int8')
    write_int8_grid(folder, model, tiny_inputs()['imgs'])
    with torch.no_grad():
        for part in (model.head.classifier, model.neck):
            next(part.parameters()).add_(1)
    (folder / name).rename(folder / 'kept')
    for path in folder.glob('*.onnx'):
        path.unlink()
    (folder / 'kept').rename(folder / name)
    message = f'{name} was made of other weights.*again with --int8'
    with pytest.raises(StaleGraphError, match=message):
        read_int8_graphs(folder, model)


@pytest.mark.parametrize('name', READ)
def test_read_int8_graphs__damaged(
    folder: Path, model: ClipBERT, name: str
) -> None:
    (folder / name).write_bytes(b'no graph')
    with pytest.raises(StaleGraphError, match='cannot be read as ONNX'):
        read_int8_graphs(folder, model)


@pytest.mark.parametrize('name', READ)
def test_graphs__a_link_out_of_the_folder(
    folder: Path, model: ClipBERT, tmp_path: Path, name: str
) -> None:
    (tmp_path / 'outside').write_bytes(b'')
    (folder / name).symlink_to(tmp_path / 'outside')
    with pytest.raises(UnsafeSettingsError, match='outside the folder'):
        read_int8_graphs(folder, model)
    with pytest.raises(UnsafeSettingsError, match='outside the folder'):
        copy_graphs(folder, tmp_path)


def test_copy_graphs__those_that_are_there(
    folder: Path, tmp_path: Path
) -> None:
    graphs = [folder / name for name in READ]
    for path in graphs:
        path.write_bytes(path.name.encode())
    copy_graphs(folder, tmp_path)
    copy_graphs(folder, folder)
    for path in graphs:
        for copy in (path, tmp_path / path.name):
            assert copy.read_bytes() == path.name.encode()
    assert not (tmp_path / HEAD_FILES['float32']).exists()
