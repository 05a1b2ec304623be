# Copyright (c) clipbert_mm contributors.
"""Subsampling of feature maps by whole rows and columns."""

from typing import Any

import torch
from torch import Tensor


class _Subsample(torch.autograd.Function):
    """Slicing that keeps the channels last in memory in both directions.

    The gradient of PyTorch's slicing has the other memory order, and every
    preceding layer would have to reorder it.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, stride: int) -> Tensor:
        """Map ``(N, ch, H, W)`` to ``(N, ch, ceil(H / stride), ...)``."""
        ctx.shape, ctx.stride = x.shape, stride
        return x[..., ::stride, ::stride].contiguous(
            memory_format=torch.channels_last
        )

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        """Scatter the gradient to the kept positions."""
        full = torch.zeros(
            ctx.shape, dtype=grad.dtype, device=grad.device
        ).contiguous(memory_format=torch.channels_last)
        full[..., :: ctx.stride, :: ctx.stride] = grad
        return full, None


def subsample(x: Tensor, stride: int) -> Tensor:
    """Return every ``stride``-th row and column, starting with the first.

    A 1x1 convolution of this stride reads nothing else. Two of them that read
    the same map, and store it for their gradients, share one subsampled map:
    with a stride of 2, a quarter is stored.

    Args:
        x (Tensor): ``(N, ch, H, W)``.
        stride (int): Stride; 1 returns ``x`` itself.

    Returns:
        Tensor: ``(N, ch, ceil(H / stride), ceil(W / stride))``.

    Example:
        >>> subsample(torch.zeros(1, 1, 7, 8), 2).shape
        torch.Size([1, 1, 4, 4])
    """
    return x if stride == 1 else _Subsample.apply(x, stride)
