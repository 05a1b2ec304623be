# Copyright (c) clipbert_mm contributors.
"""The convolution against PyTorch's, in values and in memory order."""

import pytest
import torch
from torch import nn

from clipbert_mm.models.layers.channels_last_conv2d import ChannelsLastConv2d


@pytest.mark.parametrize('kernel_size', [1, 3, 7])
@pytest.mark.parametrize('stride', [1, 2])
def test_conv__equals_that_of_pytorch(kernel_size: int, stride: int) -> None:
    conv = ChannelsLastConv2d(3, 5, kernel_size, stride).double()
    plain = nn.Conv2d(
        3, 5, kernel_size, stride, padding=(kernel_size - 1) // 2, bias=False
    ).double()
    plain.load_state_dict(conv.state_dict())
    x = torch.randn(2, 3, 9, 8, dtype=torch.double, requires_grad=True)
    found = conv(x)
    assert found.shape == (2, 5, -(-9 // stride), -(-8 // stride))
    torch.testing.assert_close(found, plain(x))
    weights = torch.randn_like(found)
    ours = torch.autograd.grad((found * weights).sum(), [x, conv.weight])
    theirs = torch.autograd.grad((plain(x) * weights).sum(), [x, plain.weight])
    torch.testing.assert_close(ours, theirs)


def test_conv__memory_order_of_output_weight_and_gradient() -> None:
    conv = ChannelsLastConv2d(3, 5, 3)
    out = conv(torch.randn(2, 3, 8, 8))
    out.sum().backward()
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert conv.weight.is_contiguous()
    assert conv.weight.grad.is_contiguous()


def test_convolve__with_a_weight_and_a_bias_of_others() -> None:
    conv = ChannelsLastConv2d(2, 3, 3, stride=2)
    weight, bias = torch.randn(3, 2, 3, 3), torch.randn(3)
    x = torch.randn(1, 2, 6, 6)
    torch.testing.assert_close(
        conv.convolve(x, weight, bias),
        torch.conv2d(x, weight, bias, stride=2, padding=1),
    )
    assert conv.bias is None
