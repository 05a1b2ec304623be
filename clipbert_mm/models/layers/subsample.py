# Copyright (c) clipbert_mm contributors.
"""Every n-th row and column of a feature map."""

from typing import Any

import torch
from torch import Tensor


class _Subsample(torch.autograd.Function):
    """Keeps the channels last in memory in both directions.

    PyTorch's slicing has a gradient in the other memory order, which every
    layer before would have to reorder.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, stride: int) -> Tensor:
        """``(N, C, H, W)`` to ``(N, C, ceil(H / stride), ...)``."""
        ctx.shape, ctx.stride = x.shape, stride
        return x[..., ::stride, ::stride].contiguous(
            memory_format=torch.channels_last
        )

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        """Zeros, and the gradient at what was kept."""
        full = torch.zeros(
            ctx.shape, dtype=grad.dtype, device=grad.device
        ).contiguous(memory_format=torch.channels_last)
        full[..., :: ctx.stride, :: ctx.stride] = grad
        return full, None


def subsample(x: Tensor, stride: int) -> Tensor:
    """Every ``stride``-th row and column, the first ones included.

    A 1x1 convolution of this stride reads nothing else. Where two of them
    read the same map, and store it for their gradients, this is done once
    and a quarter (for a stride of 2) is stored.

    Args:
        x (Tensor): ``(N, C, H, W)``.
        stride (int): 1 returns ``x`` itself.

    Returns:
        Tensor: ``(N, C, ceil(H / stride), ceil(W / stride))``.

    Example:
        >>> subsample(torch.zeros(1, 1, 7, 8), 2).shape
        torch.Size([1, 1, 4, 4])
    """
    return x if stride == 1 else _Subsample.apply(x, stride)
