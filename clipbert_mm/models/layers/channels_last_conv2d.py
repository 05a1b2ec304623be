# Copyright (c) clipbert_mm contributors.
"""A convolution that runs with the channels last in memory."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ChannelsLastConv2d(nn.Conv2d):
    """``nn.Conv2d`` in the memory order that suits CPUs and tensor cores.

    The forward pass brings input and weight into ``torch.channels_last``; an
    input in that order, such as the output of another such layer, is not
    copied. The parameter keeps PyTorch's order, and so do its gradient, the
    optimiser's state and checkpoints.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        kernel_size (int): Side of the kernel; padding keeps the size.
        stride (int): Stride. Defaults to 1.

    Shape:
        - input: ``(N, in_channels, H, W)``
        - return: ``(N, out_channels, ceil(H / stride), ceil(W / stride))``

    Example:
        >>> out = ChannelsLastConv2d(3, 4, 1)(torch.zeros(2, 3, 8, 8))
        >>> out.is_contiguous(memory_format=torch.channels_last)
        True
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding=kernel_size // 2,
            bias=False,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve with the layer's weight."""
        return self.convolve(x, self.weight)

    def convolve(
        self, x: Tensor, weight: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """Convolve with a weight derived from the layer's.

        Args:
            x (Tensor): ``(N, in_channels, H, W)``.
            weight (Tensor): Weight of the same shape as the layer's.
            bias (Tensor | None): ``(out_channels, )``. Defaults to None.

        Returns:
            Tensor: ``(N, out_channels, H', W')``.
        """
        return F.conv2d(
            x.contiguous(memory_format=torch.channels_last),
            weight.contiguous(memory_format=torch.channels_last),
            bias,
            self.stride,
            self.padding,
        )
