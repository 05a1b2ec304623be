# Copyright (c) clipbert_mm contributors.
"""A consensus of a user: a registered module with parameters."""

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class AttentionConsensus(nn.Module):
    """Mean over the clips, weighted by a learned attention to their logits.

    Args:
        num_classes (int): K.
    """

    def __init__(self, num_classes: int = 2) -> None:
        super().__init__()
        self.attention = nn.Linear(num_classes, 1)
        nn.init.constant_(self.attention.weight, 0.5)

    def forward(self, clip_logits: Tensor) -> Tensor:
        """Fuse ``(N, M, C, K)`` to ``(N, M, K)``."""
        weights = torch.softmax(self.attention(clip_logits), -2)
        return (weights * clip_logits).sum(-2)
