# Copyright (c) clipbert_mm contributors.
"""Maps against direct calls of the inferencer."""

import copy

import numpy as np
import pytest
import torch

from clipbert_mm.apis import ClipBERTInferencer, VideoFeatures, VideoFrames
from clipbert_mm.apis.explained_target import clip_evidence
from clipbert_mm.apis.relevance_maps import occlude
from clipbert_mm.models.explanation.recorded_head import explain_pairs

from .conftest import Trained

pytestmark = pytest.mark.slow


def log_odds(score: float) -> float:
    return float(np.log(score) - np.log1p(-score))


def test_occlude__hides_a_block_of_nine_cells() -> None:
    frames = np.random.default_rng(0).integers(
        0, 256, (1, 3, 2, 64, 64), np.uint8
    )
    copies = list(occlude(frames, (48, 64)))
    assert len(copies) == 6 * 8
    hidden = copies[2 * 8 + 3]  # cell in row 2, column 3
    changed = np.zeros((64, 64), bool)
    changed[8:32, 16:40] = True
    np.testing.assert_array_equal(hidden[..., ~changed], frames[..., ~changed])
    for t in range(2):
        mean = frames[0, :, t, :48].reshape(3, -1).mean(1).round()
        np.testing.assert_array_equal(
            hidden[0, :, t, 8:32, 16:40],
            np.broadcast_to(mean[:, None, None], (3, 24, 24)),
        )
    # The padding stays as it is, also at the lowest cell.
    np.testing.assert_array_equal(copies[-1][..., 48:, :], frames[..., 48:, :])
    assert (copies[-1][..., 47, 63] != frames[..., 47, 63]).any()


def test_occlusion_maps__equal_calls_of_score(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    noise = np.random.default_rng(0).integers(
        0, 256, (12, 48, 64, 3), np.uint8
    )
    video, text = VideoFrames(noise, fps=4), trained.captions[0]
    explanation = inferencer.explain(video, text)
    clips = inferencer._core.pipeline(video)
    hidden = list(occlude(clips.frames, clips.image_shape))
    digest = inferencer._core.digest

    def score(frames: np.ndarray, clip: int, text: str) -> float:
        tokens = inferencer._core.tokens([frames])[0][clip : clip + 1]
        given = VideoFeatures('a', tokens, ((0.0, 1.0),), digest)
        return log_odds(inferencer.score(given, text)[0, 0].astype(float))

    columns = explanation.clips[0].cells.shape[1]
    word = explanation.words[1]
    rest = text[: word.start] + text[word.end :]
    for clip, row, column in ((0, 0, 0), (1, 2, 3), (1, 4, 1)):
        frames = hidden[row * columns + column]
        lost = score(clips.frames, clip, text) - score(frames, clip, text)
        cells = explanation.clips[clip].cells
        assert cells[row, column] == pytest.approx(lost, abs=2e-5)
        without = score(clips.frames, clip, rest) - score(frames, clip, rest)
        assert word.cells[clip][row, column] == pytest.approx(
            lost - without, abs=4e-5
        )
    assert np.ptp(explanation.clips[0].cells) > 1e-3


def test_attention_maps__have_the_grid_of_the_model(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    video, text = trained.videos[0], trained.captions[0]
    explanation = inferencer.explain(video, text, method='attention')
    frames = inferencer._core.pipeline(video).frames
    cells = explanation.clips[0].cells
    assert cells.size == inferencer.features(video).tokens.shape[1]
    height, width = explanation.clips[0].cell_size
    assert (height * cells.shape[0], width * cells.shape[1]) == (
        frames.shape[-2:]
    )
    assert (cells >= 0).all()
    assert cells.any()
    assert explanation.words[0].cells[1].shape == cells.shape


def test_attention_maps__of_joined_frames_are_sums_over_them(
    trained: Trained,
) -> None:
    cfg = copy.deepcopy(trained.cfg)
    cfg.model.neck.temporal_fusion = 'join'
    joined = ClipBERTInferencer(cfg, trained.checkpoint, device='cpu')
    video, text = trained.videos[0], trained.captions[0]
    explanation = joined.explain(video, text, method='attention')
    core = joined._core
    with torch.no_grad():
        frames = core.preprocess([core.pipeline(video).frames])
        grid = core.model.extract_grid(frames)
        visual = core.model.encode_clips(frames)
        ids = core.tokenize.tokenize([text])['input_ids']
        tokens = core.model.embed_texts(torch.as_tensor(ids)[None])
    num_frames, rows, columns = grid.shape[2:5]
    assert num_frames == frames.shape[3] > 1
    relevance = explain_pairs(
        core.model.head,
        tokens,
        None,
        visual,
        lambda logits: clip_evidence(core, logits, 1),
    ).relevance[0, 0, :, 0, tokens.shape[2] :]  # of [CLS], (C, V)
    for clip, found in enumerate(explanation.clips):
        assert found.cells.shape == (rows, columns)
        for row in range(rows):
            for column in range(columns):
                cell = row * columns + column
                frames_of_cell = relevance[clip, cell :: rows * columns]
                assert len(frames_of_cell) == num_frames
                assert found.cells[row, column] == pytest.approx(
                    float(frames_of_cell.sum()), rel=1e-4, abs=1e-7
                )
    # An occlusion hides a place in all frames of a clip.
    hidden = joined.explain(video, text)
    assert np.isfinite(hidden.clips[0].cells).all()
