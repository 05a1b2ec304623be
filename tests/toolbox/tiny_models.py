# Copyright (c) clipbert_mm contributors.
"""Tiny models, filled from a rule instead of a seed, and their inputs."""

from typing import Any

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

from clipbert_mm.models.heads.bert_cross_modal_head import (
    BertCrossModalHead,
    join_tokens,
)

BERT = dict(
    vocab_size=20,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=16,
    max_position_embeddings=16,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)


def fixed_init(model: nn.Module) -> nn.Module:
    """Fill every parameter with its own wave, so that no two are alike."""
    with torch.no_grad():
        for i, param in enumerate(model.parameters()):
            steps = torch.arange(param.numel(), dtype=torch.float32)
            wave = torch.sin(steps * 0.7 + i).view_as(param)
            scale = param.shape[1:].numel() if param.ndim > 1 else 10
            param.copy_(wave * (2.0 / scale) ** 0.5)
            if param.ndim == 1:
                param.add_(1.0)
    return model


def clipbert_config(**parts: dict) -> dict:
    """Return a ClipBERT of a few thousand weights; parts are overrides."""
    cfg: dict[str, Any] = dict(
        type='ClipBERT',
        backbone=dict(
            type='ResNet50Grid',
            stage_blocks=(1, 1),
            strides=(1, 2),
            base_channels=2,
            freeze_at=0,
        ),
        neck=dict(type='GridEncoder', in_channels=16, out_channels=8),
        head=dict(type='BertCrossModalHead', bert=BERT, max_grid_size=8),
        consensus=dict(type='ConsensusAggregator'),
        task=dict(type='RetrievalTask'),
    )
    for name, part in parts.items():
        cfg[name] = (
            {**cfg.get(name, {}), **part} if isinstance(part, dict) else part
        )
    return cfg


def tiny_clipbert(**parts: dict) -> nn.Module:
    """Build :func:`clipbert_config` with :func:`fixed_init`."""
    return fixed_init(MODELS.build(clipbert_config(**parts)))


def tiny_inputs(
    num_videos: int = 2,
    num_clips: int = 3,
    num_texts: int = 4,
    num_frames: int = 2,
    length: int = 5,
) -> dict[str, Tensor]:
    """Return a batch of 32x32 frames and texts of different lengths."""
    generator = torch.Generator().manual_seed(0)
    shape = (num_videos, num_clips, 3, num_frames, 32, 32)
    ids = torch.randint(
        5, 20, (num_videos, num_texts, length), generator=generator
    )
    mask = torch.ones_like(ids)
    mask[:, ::2, -2:] = 0
    return dict(
        imgs=torch.randn(shape, generator=generator) * 50,
        input_ids=ids * mask,
        attention_mask=mask,
    )


def samples(labels: list[list[int]]) -> list[ActionDataSample]:
    """Make data samples with match labels."""
    result = []
    for i, label in enumerate(labels):
        sample = ActionDataSample(metainfo=dict(video_id=f'video{i}'))
        sample.set_field(label, 'text_labels')
        result.append(sample)
    return result


def all_states(
    head: BertCrossModalHead, grid: Tensor, ids: Tensor, mask: Tensor
) -> Tensor:
    """Last states of all tokens of all pairs, ``(N * M * C, L + V, D)``."""
    tokens, joint = join_tokens(
        head.embed_texts(ids), mask.bool(), head.grid_embedding(grid)
    )
    return head.encode(tokens, joint)
