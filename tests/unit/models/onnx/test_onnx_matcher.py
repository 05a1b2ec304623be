# Copyright (c) clipbert_mm contributors.
"""Scores of ONNX Runtime against those of PyTorch, through the scorer."""

import pytest
import torch

from clipbert_mm.models.onnx import onnx_matcher
from clipbert_mm.models.onnx.grid_graph import grid_graph
from clipbert_mm.models.onnx.head_graph import head_graph
from clipbert_mm.models.onnx.onnx_matcher import OnnxMatcher
from clipbert_mm.models.pair_scorer import PairScorer
from tests.toolbox.tiny_models import tiny_clipbert, tiny_inputs
from tests.unit.models.test_pair_scorer import make_bank, naive_logits


@pytest.mark.parametrize('budget', [1, 50, 65536])
@pytest.mark.parametrize('at_once', [1, 30, 1024])
def test_onnx_matcher__equals_one_pair_at_a_time(
    budget: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_matcher, 'TOKENS_AT_ONCE', at_once)
    model = tiny_clipbert().eval()
    frames = tiny_inputs()['imgs']
    matcher = OnnxMatcher(model, head_graph(model.head))
    scorer = PairScorer(matcher, make_bank(), budget)
    with torch.no_grad():
        expected = naive_logits(model, frames, make_bank())
    found = scorer.clip_logits(scorer.encode_clips(frames))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        matcher.match_scores(found), model.match_scores(expected)
    )


@pytest.mark.parametrize('pixels', [1, 2 * 2048, 2**19])
def test_onnx_matcher__encodes_clips_by_its_graph(
    pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_matcher, 'PIXELS_AT_ONCE', pixels)
    model = tiny_clipbert().eval()
    head, grid = head_graph(model.head), grid_graph(model)
    frames = tiny_inputs()['imgs'] / 50
    with torch.no_grad():
        expected = model.encode_clips(frames)
        model.neck.conv.weight.zero_()  # of the model, not of the graph
        found = OnnxMatcher(model, head, grid).encode_clips(frames)
        zeros = OnnxMatcher(model, head).encode_clips(frames)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert not torch.allclose(zeros, expected, atol=1e-2)


def test_onnx_matcher__frames_of_no_cell_or_other_dimensions() -> None:
    model = tiny_clipbert().eval()
    matcher = OnnxMatcher(model, head_graph(model.head), grid_graph(model))
    frames = torch.zeros(1, 1, 3, 1, 8, 32)
    for encode_clips in (matcher.encode_clips, model.encode_clips):
        with pytest.raises(ValueError, match='map is 1x4, smaller than the 2'):
            encode_clips(frames)
        with pytest.raises(ValueError, match=r'but got \(1, 3, 1, 8, 32\)'):
            encode_clips(frames[0])


def test_onnx_matcher__has_what_a_gallery_run_asks_for() -> None:
    model = tiny_clipbert().eval()
    matcher = OnnxMatcher(model, head_graph(model.head, int8=True))
    assert matcher.token_budget == model.token_budget
    assert matcher.data_preprocessor is model.data_preprocessor
    assert matcher.num_classes == 2
    assert matcher.state_dict().keys() == model.state_dict().keys()
    assert not matcher.training
    model.train()
    with pytest.raises(ValueError, match='Scoring needs a model in eval'):
        PairScorer(matcher, make_bank(), 50)


def test_onnx_matcher__other_device() -> None:
    model = tiny_clipbert().eval().to('meta')
    with pytest.raises(ValueError, match="is on meta. Pass device='cpu'"):
        OnnxMatcher(model, b'')
