# Copyright (c) clipbert_mm contributors.
"""Tests of saving, loading and publishing models."""

import json
import shutil
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch

from clipbert_mm.apis import ClipBERTInferencer, demo_rows, demo_videos
from clipbert_mm.apis.demo_files import demo_model
from clipbert_mm.utils.outputs import OutputError
from clipbert_mm.weights.calibration import (
    Calibration,
    apply_calibration,
    write_calibration,
)
from clipbert_mm.weights.onnx_files import write_graphs
from tests.toolbox.local_hub import local_hub

FILES = {
    'README.md',
    'config.json',
    'model.safetensors',
    'tokenizer/vocab.txt',
}


@pytest.fixture(scope='module')
def demo() -> ClipBERTInferencer:
    return ClipBERTInferencer('demo', device='cpu')


def files(folder: Path) -> set[str]:
    found = filter(Path.is_file, folder.rglob('*'))
    return {str(path.relative_to(folder)) for path in found}


def scores(inferencer: ClipBERTInferencer) -> np.ndarray:
    captions = [row['caption'] for row in demo_rows()[:4]]
    return inferencer.score(demo_videos()[:2], captions)


def test_save_pretrained__same_scores_after_a_move(
    demo: ClipBERTInferencer, tmp_path: Path
) -> None:
    demo.save_pretrained(tmp_path / 'a')
    moved = shutil.move(tmp_path / 'a', tmp_path / 'b')
    assert files(moved) == FILES
    again = ClipBERTInferencer.from_pretrained(moved, device='cpu')
    np.testing.assert_allclose(scores(again), scores(demo), atol=1e-6)


def test_save_pretrained__answers(tmp_path: Path) -> None:
    first = ClipBERTInferencer('demo-qa', device='cpu')
    first.save_pretrained(tmp_path)
    again = ClipBERTInferencer(tmp_path, device='cpu')
    video, question = demo_videos('demo-qa')[0], 'what colour are the rings'
    assert again.answer(video, question) == first.answer(video, question)


def test_save_pretrained__keeps_card_and_calibration(tmp_path: Path) -> None:
    folder = shutil.copytree(demo_model('demo'), tmp_path / 'first')
    write_calibration(folder, Calibration(0.5, -1.0))
    inferencer = ClipBERTInferencer(folder, device='cpu')
    inferencer.save_pretrained(tmp_path / 'second')
    assert files(tmp_path / 'second') == FILES | {'calibration.json'}
    for name in ('calibration.json', 'README.md'):
        assert (tmp_path / 'second' / name).read_text().strip() == (
            (folder / name).read_text().strip()
        )


@pytest.mark.slow
def test_save_pretrained__graphs_of_unchanged_weights(
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(demo_model('demo'), tmp_path / 'first')
    graphs = {path.name for path in write_graphs(folder, 'int8')}
    inferencer = ClipBERTInferencer(folder, device='cpu')
    inferencer.save_pretrained(tmp_path / 'second')
    assert files(tmp_path / 'second') == FILES | graphs
    again = ClipBERTInferencer(tmp_path / 'second', precision='int8')
    np.testing.assert_allclose(scores(again), scores(inferencer), atol=0.05)

    with torch.no_grad():
        next(inferencer.model.neck.parameters()).add_(1)
    inferencer.save_pretrained(tmp_path / 'third')
    assert files(tmp_path / 'third') == FILES


def test_save_pretrained__new_calibration_and_its_card(
    demo: ClipBERTInferencer, tmp_path: Path
) -> None:
    inferencer = ClipBERTInferencer('demo', device='cpu')
    inferencer.calibration = Calibration(0.5, -1.0)
    inferencer.save_pretrained(tmp_path)
    card = (tmp_path / 'README.md').read_text()
    assert 'Not calibrated. In the test' not in card
    assert '(`calibration.json`): scale 0.5, bias -1.\n\n## Licence' in card
    assert card.startswith('---\nlibrary_name: clipbert_mm\n')
    again = ClipBERTInferencer(tmp_path, device='cpu')
    assert again.calibration == Calibration(0.5, -1.0)
    np.testing.assert_allclose(
        scores(again),
        apply_calibration(scores(demo), again.calibration),
        atol=1e-6,
    )


def test_save_pretrained__calibration_in_the_same_folder(
    demo: ClipBERTInferencer, tmp_path: Path
) -> None:
    demo.save_pretrained(tmp_path)
    inferencer = ClipBERTInferencer(tmp_path, device='cpu')
    inferencer.calibration = Calibration(0.5, -1.0)
    inferencer.save_pretrained(tmp_path)
    assert files(tmp_path) == FILES | {'calibration.json'}
    assert 'scale 0.5, bias -1.' in (tmp_path / 'README.md').read_text()
    again = ClipBERTInferencer(tmp_path, device='cpu')
    again.calibration = None
    again.save_pretrained(tmp_path)
    assert files(tmp_path) == FILES
    assert 'None: scores are the' in (tmp_path / 'README.md').read_text()


def test_from_pretrained__damaged_calibration(tmp_path: Path) -> None:
    folder = shutil.copytree(demo_model('demo'), tmp_path / 'first')
    (folder / 'calibration.json').write_text('{"scale": -1, "bias": 0}')
    with pytest.raises(ValueError, match=r'calibration.json: scale must be >'):
        ClipBERTInferencer.from_pretrained(folder)


def test_save_pretrained__card_of_given_facts(
    demo: ClipBERTInferencer, tmp_path: Path
) -> None:
    demo.save_pretrained(
        tmp_path, model_card_kwargs=dict(title='Mine', license='mit')
    )
    card = (tmp_path / 'README.md').read_text()
    assert '\n# Mine\n' in card
    assert '\nlicense: mit\n' in card


def test_save_pretrained__unknown_fact(
    demo: ClipBERTInferencer, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'owner'"):
        demo.save_pretrained(tmp_path, model_card_kwargs=dict(owner='me'))


def test_from_pretrained__settings_set_no_arguments(tmp_path: Path) -> None:
    folder = shutil.copytree(demo_model('demo'), tmp_path / 'first')
    settings = json.loads((folder / 'config.json').read_text())
    settings['trust_config'] = True
    (folder / 'config.json').write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="but got 'trust_config'"):
        ClipBERTInferencer.from_pretrained(folder)


@pytest.mark.slow
def test_push_to_hub__commits_a_model_that_loads(
    demo: ClipBERTInferencer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_OFFLINE', False)
    with local_hub(tmp_path) as address:
        monkeypatch.setattr(huggingface_hub.constants, 'ENDPOINT', address)
        url = demo.push_to_hub('user/name', token='hf_none')
    assert url.startswith(f'{address}/user/name')
    assert files(tmp_path) == FILES
    again = ClipBERTInferencer(tmp_path, device='cpu')
    np.testing.assert_allclose(scores(again), scores(demo), atol=1e-6)


def test_save_pretrained__places_that_are_no_folders(
    demo: ClipBERTInferencer, tmp_path: Path
) -> None:
    (tmp_path / 'file').touch()
    for value in (None, 3):
        with pytest.raises(TypeError, match='save_directory must be the path'):
            demo.save_pretrained(value)  # type: ignore[arg-type]
    for path in ('', tmp_path / 'file', tmp_path / 'file' / 'below'):
        with pytest.raises(OutputError, match='^save_directory'):
            demo.save_pretrained(path)
