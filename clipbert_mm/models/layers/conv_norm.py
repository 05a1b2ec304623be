# Copyright (c) clipbert_mm contributors.
"""A convolution and its norm."""

from torch import Tensor, nn

from .channels_last_conv2d import ChannelsLastConv2d
from .frozen_batch_norm import FrozenBatchNorm2d

NORMS = {'frozen': FrozenBatchNorm2d, 'batch': nn.BatchNorm2d}


class ConvNorm(ChannelsLastConv2d):
    """Convolution without bias, followed by its norm (detectron2's names).

    A frozen norm is folded into the convolution.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        kernel_size (int): Side of the kernel; padding keeps the size.
        stride (int): Stride. Defaults to 1.
        norm (str): ``'frozen'`` or ``'batch'``. Defaults to ``'frozen'``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        norm: str = 'frozen',
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride)
        self.norm = NORMS[norm](out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, ch, H, W)`` to ``(N, out_channels, H', W')``."""
        if isinstance(self.norm, FrozenBatchNorm2d):
            return self.convolve(x, *self.norm.fold(self.weight))
        return self.norm(super().forward(x))
