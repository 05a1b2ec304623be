# Copyright (c) clipbert_mm contributors.
"""Tests of loading, features and MMEngine's manner of calls."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.infer import BaseInferencer
from PIL import Image

from clipbert_mm.apis import ClipBERTInferencer, VideoFeatures, VideoFrames
from clipbert_mm.media.errors import MediaError
from clipbert_mm.utils.outputs import OutputError
from clipbert_mm.weights.exported_model import export_model

from .conftest import Trained

pytestmark = pytest.mark.slow


def test_call__plain_predictions(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    assert isinstance(inferencer, BaseInferencer)
    result = inferencer(trained.videos[:3], trained.captions, batch_size=2)
    assert result['visualization'] == []
    for prediction, video, scores in zip(
        result['predictions'], trained.videos, trained.scores, strict=False
    ):
        assert prediction['video'] == video
        assert prediction['texts'] == trained.captions
        np.testing.assert_allclose(prediction['scores'], scores, atol=1e-6)
        assert prediction['clips'][0]['start'] == 0
    assert len(result['predictions']) == 3


def test_call__samples(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    (sample,) = inferencer(
        trained.videos[0], 'a dog', return_datasamples=True
    )['predictions']
    assert isinstance(sample, ActionDataSample)
    assert sample.match_score.shape == (1,)
    assert sample.clip_scores.shape == (1, 2)


def test_call__skips_unreadable_videos(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    videos = ['no.mp4', trained.videos[0]]
    with pytest.warns(UserWarning, match='1 of 2 videos are left out'):
        result = inferencer(videos, 'a dog', on_error='skip')
    assert [p['video'] for p in result['predictions']] == videos[1:]
    with pytest.raises(FileNotFoundError):
        inferencer(videos, 'a dog')


def test_call__draws_sheets_when_asked(
    trained: Trained,
    inferencer: ClipBERTInferencer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Image.Image] = []
    monkeypatch.setattr(Image.Image, 'show', lambda self: seen.append(self))
    frames = VideoFrames(np.zeros((9, 48, 64, 3), np.uint8), fps=5)
    videos = [trained.videos[0], 'no.mp4', frames]
    with pytest.warns(UserWarning, match='1 of 3 videos are left out'):
        result = inferencer(
            videos, ['a dog', 'a red dog'], on_error='skip', out_dir=tmp_path
        )
    sheets = result['visualization']
    assert len(sheets) == len(result['predictions']) == 2
    assert not seen
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths] == [
        'video_000000_test0.mp4.png',
        'video_000001_frames.png',
    ]
    for path, sheet in zip(paths, sheets, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), sheet)
    (again,) = inferencer(
        trained.videos[0], ['a dog', 'a red dog'], return_vis=True, show=True
    )['visualization']
    np.testing.assert_array_equal(again, sheets[0])
    assert len(seen) == 1


def test_call__refuses_a_folder_before_a_video_is_read(
    inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(OutputError, match='out_dir must be a folder'):
        inferencer('no.mp4', 'a dog', out_dir=tmp_path / 'file')
    with pytest.raises(TypeError, match='return_vis must be True or False'):
        inferencer('no.mp4', 'a dog', return_vis='yes')


def test_features__one_or_many(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    single = inferencer.features(trained.videos[0])
    assert isinstance(single, VideoFeatures)
    assert single.tokens.shape[0] == len(single.clips) == 2
    (first,) = inferencer.features([Path(trained.videos[0])])
    assert torch.equal(first.tokens, single.tokens)


def test_init__exported_folder_as_a_path(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    export_model(trained.cfg, trained.checkpoint, tmp_path / 'model')
    exported = ClipBERTInferencer(tmp_path / 'model', device='cpu')
    np.testing.assert_allclose(
        exported.score(trained.videos[:2], 'a dog'),
        inferencer.score(trained.videos[:2], 'a dog'),
        atol=1e-6,  # sums depend on where weights lie in memory
    )


def test_init__config_as_a_path(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    trained.cfg.dump(tmp_path / 'tiny.json')
    by_path = ClipBERTInferencer(
        tmp_path / 'tiny.json', Path(trained.checkpoint), device='cpu'
    )
    np.testing.assert_allclose(
        by_path.score(trained.videos[:1], 'a dog'),
        inferencer.score(trained.videos[:1], 'a dog'),
        atol=1e-6,  # sums depend on where weights lie in memory
    )


def test_init__half_precision_is_close(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    half = ClipBERTInferencer(
        trained.cfg, trained.checkpoint, 'cpu', precision='bfloat16'
    )
    found = half.score(trained.videos[:2], 'a dog')
    expected = inferencer.score(trained.videos[:2], 'a dog')
    assert not np.array_equal(found, expected)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_init__options_of_reading(trained: Trained) -> None:
    strict = ClipBERTInferencer(
        trained.cfg,
        trained.checkpoint,
        'cpu',
        on_damage='use',
        limits=dict(pixels=1),
    )
    with pytest.raises(MediaError, match='above the limit of 1;'):
        strict.features(trained.videos[0])
    with pytest.raises(ValueError, match='on_damage must be one of'):
        ClipBERTInferencer(
            trained.cfg, trained.checkpoint, 'cpu', on_damage='no'
        )


def test_init__nothing_to_load(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no model 'no_folder'"):
        ClipBERTInferencer('no_folder')
    with pytest.raises(FileNotFoundError, match="checkpoint 'no.pth'"):
        ClipBERTInferencer(trained.cfg, 'no.pth')
    weights = torch.load(trained.checkpoint)['state_dict']
    kept = {k: v for k, v in weights.items() if 'classifier' not in k}
    torch.save(dict(state_dict=kept), tmp_path / 'part.pth')
    with pytest.raises(RuntimeError, match='head.classifier'):
        ClipBERTInferencer(trained.cfg, tmp_path / 'part.pth')


@pytest.mark.parametrize('flag', ['return_datasamples', 'return_vis', 'show'])
def test_call__flags_are_true_or_false(
    trained: Trained, inferencer: ClipBERTInferencer, flag: str
) -> None:
    options: dict = {flag: 'no'}
    with pytest.raises(TypeError, match=f'^{flag} must be True or False'):
        inferencer(trained.videos[0], 'a dog', **options)
