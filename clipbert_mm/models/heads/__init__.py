# Copyright (c) clipbert_mm contributors.
"""Heads: from grids and texts to clip logits."""

from .base_matching_head import BaseMatchingHead
from .bert_cross_modal_head import BertCrossModalHead, HeadOutput
from .blip2_contrastive_head import Blip2ContrastiveHead
from .blip2_matching_head import Blip2MatchingHead
from .blip_matching_head import BlipMatchingHead
from .bridge_tower_head import BridgeTowerHead
from .dual_encoder_head import DualEncoderHead
from .vilt_head import ViltHead

__all__ = [
    'BaseMatchingHead',
    'BertCrossModalHead',
    'Blip2ContrastiveHead',
    'Blip2MatchingHead',
    'BlipMatchingHead',
    'BridgeTowerHead',
    'DualEncoderHead',
    'HeadOutput',
    'ViltHead',
]
