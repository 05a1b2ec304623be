# Copyright (c) clipbert_mm contributors.
"""TVP of transformers that is small except for its ResNet-50."""

from typing import Any

import torch
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from torch import nn
from transformers import TvpConfig, TvpForVideoGrounding

from clipbert_mm.weights import convert_tvp

SIZES: dict[str, Any] = dict(
    vocab_size=50,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=48,
    max_position_embeddings=20,
    type_vocab_size=2,
)


def make_tvp() -> TvpForVideoGrounding:
    """Build a small TVP on a full ResNet-50, with all tensors different."""
    torch.manual_seed(0)
    config = TvpConfig(
        **SIZES,
        visual_prompt_size=4,
        max_img_size=64,
        num_frames=2,
        backbone_config=dict(
            model_type='resnet',
            out_features=['stage4'],
            downsample_in_bottleneck=True,
        ),
    )
    model = TvpForVideoGrounding(config)
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            scales = 'norm' in name and name.endswith('.weight')
            if scales or name.endswith('running_var'):
                value.uniform_(0.5, 1.5)
            elif value.ndim == 1:
                value.normal_(std=0.1)
            elif value.ndim == 2:
                value.normal_(std=0.3)
    return model.eval()


def clipbert_of(tvp: TvpForVideoGrounding) -> nn.Module:
    """Build a ClipBERT with the converted weights of a small TVP."""
    init_default_scope('mmaction')
    model = MODELS.build(
        dict(
            type='ClipBERT',
            backbone=dict(type='ResNet50Grid'),
            neck=dict(type='GridEncoder', out_channels=32),
            head=dict(type='BertCrossModalHead', bert=SIZES),
            consensus=dict(type='ConsensusAggregator'),
            task=dict(type='RetrievalTask'),
        )
    )
    state, _ = convert_tvp(tvp.state_dict())
    result = model.load_state_dict(state, strict=False)
    assert result.unexpected_keys == []
    assert all(n.startswith('head.classifier.') for n in result.missing_keys)
    return model.eval()
