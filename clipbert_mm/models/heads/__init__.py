# Copyright (c) clipbert_mm contributors.
"""Heads: from grids and texts to clip logits."""

from .bert_cross_modal_head import BertCrossModalHead, HeadOutput

__all__ = ['BertCrossModalHead', 'HeadOutput']
