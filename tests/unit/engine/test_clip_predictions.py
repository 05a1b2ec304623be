# Copyright (c) clipbert_mm contributors.
"""Tests of the clips of an item and the predictions from them."""

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from clipbert_mm.engine.clip_predictions import clips_of, predict_item
from tests.toolbox.tiny_models import tiny_clipbert, tiny_inputs

MEAN = torch.tensor([103.53, 116.28, 123.675])  # of B, G and R


def make_item(num_clips: int = 3) -> dict:
    generator = torch.Generator().manual_seed(0)
    shape = (num_clips, 3, 2, 32, 32)
    pixels = torch.randint(0, 256, shape, generator=generator)
    tokens = tiny_inputs(num_videos=1)
    inputs = dict(
        imgs=pixels.to(torch.uint8),
        **{key: tokens[key][0] for key in ('input_ids', 'attention_mask')},
    )
    return dict(inputs=inputs, data_samples=ActionDataSample())


def naive_scores(model: torch.nn.Module, item: dict, clips: list) -> list:
    """Match scores of the mean logits of some clips."""
    frames = item['inputs']['imgs'].float().flip(1)
    frames = frames - MEAN[:, None, None, None]
    texts: dict[str, Tensor] = {
        key: item['inputs'][key][None]
        for key in ('input_ids', 'attention_mask')
    }
    with torch.no_grad():
        logits = model(dict(imgs=frames[None], **texts))[0]
    return logits[:, clips].mean(1).softmax(-1)[:, 1].tolist()


def test_predict__the_video_and_each_clip_alone() -> None:
    model, item = (
        tiny_clipbert(consensus=dict(aggregation='mean')).eval(),
        make_item(),
    )
    sample = predict_item(model, item)
    expected = naive_scores(model, item, [0, 1, 2])
    assert sample.match_score.tolist() == pytest.approx(expected, abs=1e-6)
    alone = [clip.match_score.tolist() for clip in sample.clip_samples]
    assert len(alone) == 3
    for k, found in enumerate(alone):
        naive = naive_scores(model, item, [k])
        assert found == pytest.approx(naive, abs=1e-6)
    assert not np.allclose(alone[0], alone[1])
    assert not item['data_samples'].all_keys()


def test_predict__other_texts() -> None:
    model, item = (
        tiny_clipbert(consensus=dict(aggregation='mean')).eval(),
        make_item(),
    )
    texts = {key: item['inputs'].pop(key) for key in list(item['inputs'])[1:]}
    chosen = {key: rows[[3, 1]] for key, rows in texts.items()}
    sample = predict_item(model, item, chosen)
    item['inputs'].update(chosen)
    expected = naive_scores(model, item, [0, 1, 2])
    assert sample.match_score.tolist() == pytest.approx(expected, abs=1e-6)


def test_clips__are_the_frames_of_the_batch() -> None:
    item = make_item()
    clips = clips_of(item)
    assert clips.shape == (3, 2, 32, 32, 3)
    for c, ch, t in ((0, 0, 1), (2, 1, 0)):
        expected = item['inputs']['imgs'][c, ch, t].numpy()
        np.testing.assert_array_equal(clips[c, t, :, :, ch], expected)


def test_clips__refuses_what_cannot_be_drawn() -> None:
    item = make_item()
    item['inputs']['imgs'] = item['inputs']['imgs'].float()
    with pytest.raises(ValueError, match=r'got torch.float32 of \(3, 3, 2'):
        clips_of(item)
    item['data_samples'].set_field('MediaError: a.mp4 is empty', 'load_error')
    with pytest.raises(ValueError, match='read: MediaError: a.mp4 is empty'):
        clips_of(item)
