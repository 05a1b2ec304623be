# Copyright (c) clipbert_mm contributors.
"""Precisions of the inferencer: int8 against single precision."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.weights import export_model
from clipbert_mm.weights.onnx_files import GRID_FILES, HEAD_FILES, write_graphs
from tests.unit.apis.conftest import Trained


@pytest.fixture(scope='module')
def exported(trained: Trained, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('int8') / 'exported'
    export_model(trained.cfg, trained.checkpoint, folder)
    write_graphs(folder, 'int8')
    return folder


@pytest.mark.slow
def test_int8__close_to_single_precision(
    trained: Trained, exported: Path, inferencer: ClipBERTInferencer
) -> None:
    fast = ClipBERTInferencer(exported, precision='int8')
    features = inferencer.features(trained.videos)
    scores = fast.score(features, trained.captions)  # features are shared
    expected = inferencer.score(features, trained.captions)
    assert 0 < np.abs(scores - expected).max() < 0.02


@pytest.mark.slow
def test_int8__features_of_single_precision(
    trained: Trained, exported: Path, inferencer: ClipBERTInferencer
) -> None:
    fast = ClipBERTInferencer(exported, precision='int8')
    pairs = zip(
        fast.features(trained.videos), inferencer.features(trained.videos)
    )
    differences = [(a.tokens - b.tokens).abs().max().item() for a, b in pairs]
    assert 0 < max(differences) < 1e-4  # the CNN runs elsewhere


@pytest.mark.slow
def test_int8__without_a_file_quantises_alike(
    trained: Trained, exported: Path, tmp_path: Path
) -> None:
    bare = tmp_path / 'bare'
    shutil.copytree(exported, bare, ignore=shutil.ignore_patterns('*.onnx'))
    results = [
        ClipBERTInferencer(*source, precision='int8').score(
            trained.videos, trained.captions
        )
        for source in (
            (exported,),
            (bare,),
            (trained.cfg, trained.checkpoint),
        )
    ]
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])


def test_int8__without_onnx_runtime(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match=r"pip install 'clipbert_mm\[onnx"):
        ClipBERTInferencer(exported, precision='int8')


@pytest.mark.parametrize('name', [HEAD_FILES['int8'], GRID_FILES['float32']])
def test_int8__the_files_need_no_onnx(
    exported: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, 'onnx', None)
    ClipBERTInferencer(exported, precision='int8')
    (exported / name).rename(exported / 'away')
    try:
        with pytest.raises(ImportError, match=r'onnx is not installed'):
            ClipBERTInferencer(exported, precision='int8')
    finally:
        (exported / 'away').rename(exported / name)


def test_precision__unknown_before_anything_is_read() -> None:
    message = r"one of \['bfloat16', 'float16', 'int8'\], but got 'int4'"
    with pytest.raises(ValueError, match=message):
        ClipBERTInferencer('absent', precision='int4')
