# Copyright (c) clipbert_mm contributors.
"""Batch norm with constant statistics and affine part."""
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FrozenBatchNorm2d(nn.Module):
    """Batch norm whose four vectors are buffers: never trained or decayed.

    torchvision has the same module, but the package does without
    torchvision, which has no build for every torch.

    Args:
        num_features (int): Channels.
        eps (float): Added to the variance. Defaults to 1e-5.

    Shape:
        - input and return: ``(N, num_features, H, W)``

    Example:
        >>> list(FrozenBatchNorm2d(3).parameters())
        []
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer('weight', torch.ones(num_features))
        self.register_buffer('bias', torch.zeros(num_features))
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise with the stored statistics, also in training."""
        return F.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=False,
            eps=self.eps)
