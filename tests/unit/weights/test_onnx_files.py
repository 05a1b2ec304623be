# Copyright (c) clipbert_mm contributors.
"""Tests of the ONNX graphs in exported folders."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from clipbert_mm.models import ClipBERT
from clipbert_mm.models.onnx.head_graph import head_graph
from clipbert_mm.models.onnx.onnx_matcher import OnnxMatcher, open_session
from clipbert_mm.weights import UnsafeSettingsError, export_model
from clipbert_mm.weights.onnx_files import (
    INT8_FILE,
    ONNX_FILE,
    StaleGraphError,
    read_int8_graph,
    write_graph,
)
from tests.toolbox.tiny_models import clipbert_config, tiny_clipbert


@pytest.fixture
def model() -> ClipBERT:
    return tiny_clipbert().eval()


@pytest.fixture
def folder(model: ClipBERT, tmp_path: Path) -> Path:
    torch.save(model.state_dict(), tmp_path / 'tiny.pth')
    config = Config(
        dict(model=clipbert_config(), test_dataloader=dict(dataset={}))
    )
    export_model(config, tmp_path / 'tiny.pth', tmp_path / 'exported')
    return tmp_path / 'exported'


def test_write_graph__single_precision_matches_as_the_model(
    folder: Path, model: ClipBERT
) -> None:
    path = write_graph(folder)
    assert path == folder / ONNX_FILE
    texts = torch.arange(12).view(1, 3, 4) % 15 + 5
    visual = torch.linspace(-1, 1, 2 * 5 * 4 * 8).view(2, 5, 4, 8)
    with torch.no_grad():
        text = model.embed_texts(texts)
        found = OnnxMatcher(model, path.read_bytes()).match(text, None, visual)
        expected = model.match(text, None, visual)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_read_int8_graph__the_file_or_the_same_made_here(
    folder: Path, model: ClipBERT
) -> None:
    made = read_int8_graph(None, model)
    assert read_int8_graph(folder, model) == made
    write_graph(folder, int8=True)
    assert read_int8_graph(folder, model) == made
    meta = open_session(made).get_modelmeta().custom_metadata_map
    assert meta['precision'] == 'int8'


def test_read_int8_graph__of_other_weights(
    folder: Path, model: ClipBERT
) -> None:
    (folder / INT8_FILE).write_bytes(head_graph(model.head, True, 'other'))
    with pytest.raises(StaleGraphError, match='was made of other weights'):
        read_int8_graph(folder, model)


def test_read_int8_graph__damaged(folder: Path, model: ClipBERT) -> None:
    (folder / INT8_FILE).write_bytes(b'no graph')
    with pytest.raises(StaleGraphError, match='cannot be read as ONNX'):
        read_int8_graph(folder, model)


def test_read_int8_graph__a_link_out_of_the_folder(
    folder: Path, model: ClipBERT, tmp_path: Path
) -> None:
    (tmp_path / 'outside').write_bytes(b'')
    (folder / INT8_FILE).symlink_to(tmp_path / 'outside')
    with pytest.raises(UnsafeSettingsError, match='outside the folder'):
        read_int8_graph(folder, model)
