# Copyright (c) clipbert_mm contributors.
"""Batch norm with constant statistics and affine part."""

import torch
from torch import Tensor, nn


class FrozenBatchNorm2d(nn.Module):
    """Batch norm whose four vectors are buffers, never trained or decayed.

    It scales and shifts each channel by constants, so it is folded into the
    preceding convolution: the values and the gradient of the weights are
    equal, without a pass over the activations. It has no forward of its own.
    torchvision has the same module without folding, but this package avoids
    torchvision, which has no build for every torch.

    Args:
        num_features (int): Number of channels, ch.
        eps (float): Value added to the variance. Defaults to 1e-5.

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

    def fold(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Fold the norm into the preceding convolution.

        Args:
            weight (Tensor): Weight of the convolution, which has no bias,
                ``(num_features, in_channels, kH, kW)``.

        Returns:
            tuple[Tensor, Tensor]: Weight of the same shape, and bias
            ``(num_features, )``, of a convolution with normalised output.
        """
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        return (
            weight * scale[:, None, None, None],
            self.bias - self.running_mean * scale,
        )
