# Copyright (c) clipbert_mm contributors.
"""Convolution and norm: equal to the two operators."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clipbert_mm.models.layers.conv_norm import ConvNorm


@pytest.mark.parametrize('kernel_size, stride', [(1, 2), (3, 1), (7, 2)])
@pytest.mark.parametrize('norm', ['frozen', 'batch'])
def test_conv_norm__equals_two_operators(
    kernel_size: int, stride: int, norm: str
) -> None:
    torch.manual_seed(0)
    layer = ConvNorm(3, 5, kernel_size, stride, norm).double()
    plain = nn.BatchNorm2d(5).double().train(norm == 'batch')
    for name in ('running_mean', 'running_var', 'weight', 'bias'):
        value = torch.rand(5, dtype=torch.double) + 0.5
        getattr(layer.norm, name).data.copy_(value)
        getattr(plain, name).data.copy_(value)
    x = torch.randn(2, 3, 9, 11, dtype=torch.double, requires_grad=True)
    weight = layer.weight.detach().clone().requires_grad_()
    conv = F.conv2d(x, weight, None, stride, kernel_size // 2)
    results = []
    for output, own in ((layer(x), layer.weight), (plain(conv), weight)):
        grads = torch.autograd.grad(output.pow(2).sum(), [x, own])
        results.append([output, *grads])
    for ours, expected in zip(*results):
        torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(layer.norm.running_mean, plain.running_mean)
    torch.testing.assert_close(layer.norm.running_var, plain.running_var)
