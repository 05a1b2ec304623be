# Copyright (c) clipbert_mm contributors.
"""Tests of the key table of TVP, on the models of transformers."""

import copy

import pytest
import torch
from torch import nn

from clipbert_mm.weights import (
    ConversionError,
    convert_tvp,
    load_model_directory,
    revert_tvp,
)
from tests.toolbox.small_tvp import SIZES

NUM_CONVS = 53
NUM_BERT = 5 + 16 * SIZES['num_hidden_layers'] + 2
NUM_USED = 5 * NUM_CONVS + 1 + NUM_BERT + 5
NUM_DROPPED = NUM_CONVS + 1 + 5 + 4  # counters, positions, prompts, head


@pytest.mark.slow
@pytest.mark.parametrize('prefix', ['model.', ''])
def test_convert_tvp__every_tensor_is_accounted_for(tvp, prefix):
    state = (tvp if prefix else tvp.model).state_dict()
    new, report = convert_tvp(state)
    assert len(new) == len(report.used) == NUM_USED
    assert len(report.dropped) == NUM_DROPPED - (0 if prefix else 4)
    assert set(report.used) | set(report.dropped) == set(state)
    assert report.sizes['vocab_size'] == 50
    assert report.sizes['max_grid_rows'] == 100
    assert (
        report.used[
            f'{prefix}vision_model.backbone.encoder.stages.2.layers.5.layer.1.'
            'convolution.weight'
        ]
        == 'backbone.res4.5.conv2.weight'
    )


def test_convert_tvp__every_drop_has_a_reason(tvp):
    dropped = convert_tvp(tvp.state_dict())[1].dropped
    assert 'prompt of TVP' in dropped['model.visual_prompter.pad_left']
    assert 'prompt of TVP' in dropped['model.text_prompt']
    assert 'grounding head' in dropped['video_grounding_head.layer_0.bias']
    assert (
        'never used'
        in dropped['model.visual_embeddings.position_embeddings.weight']
    )


def test_convert_tvp__notes_say_where_tvp_computes_otherwise(tvp):
    text = convert_tvp(tvp.state_dict())[1].to_text(verbose=False)
    for part in (
        'downsample_in_bottleneck',
        'mean=[127.5] * 3',
        'first text prompt',
        'head.classifier.*',
    ):
        assert part in text


def test_convert_tvp__another_backbone_raises(tvp):
    state = tvp.state_dict()
    state[
        'model.vision_model.backbone.encoder.stages.2.layers.6.layer.0.'
        'convolution.weight'
    ] = torch.zeros(256, 1024, 1, 1)
    with pytest.raises(
        ConversionError, match=r'unknown: .*stages\.2\.layers\.6'
    ):
        convert_tvp(state)


def test_convert_tvp__bert_is_not_tvp_raises(tvp):
    state = {
        name: value
        for name, value in tvp.state_dict().items()
        if 'vision_model' not in name
    }
    with pytest.raises(ConversionError, match='266 differences'):
        convert_tvp(state)


def test_revert_tvp__round_trip_keeps_every_bit(tvp):
    state = tvp.state_dict()
    new, forward = convert_tvp(state)
    back, report = revert_tvp(new)
    assert back.keys() == forward.used.keys()
    assert all(torch.equal(back[name], state[name]) for name in back)
    assert report.absent.keys() == forward.dropped.keys()


@pytest.mark.slow
def test_revert_tvp__transformers_loads_the_parts(tvp, clipbert_of_tvp):
    back, report = revert_tvp(clipbert_of_tvp.state_dict())
    assert 'a task' in report.dropped['head.classifier.0.weight']
    other = copy.deepcopy(tvp)
    for param in other.parameters():
        nn.init.zeros_(param)
    result = other.load_state_dict(back, strict=False)
    assert result.unexpected_keys == []
    # PyTorch does not miss the counters of norms.
    assert set(result.missing_keys) == {
        name for name in report.absent if 'num_batches' not in name
    }
    assert torch.equal(
        other.model.pooler.dense.weight, tvp.model.pooler.dense.weight
    )


def test_load_model_directory__reads_what_transformers_writes(tvp, tmp_path):
    tvp.save_pretrained(tmp_path)
    found, _ = convert_tvp(load_model_directory(tmp_path))
    expected, _ = convert_tvp(tvp.state_dict())
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)
