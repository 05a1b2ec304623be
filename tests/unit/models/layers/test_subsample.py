# Copyright (c) clipbert_mm contributors.
"""Subsampling against PyTorch's slicing, in both directions."""

import pytest
import torch

from clipbert_mm.models.layers.subsample import subsample


@pytest.mark.parametrize('size', [(6, 9), (7, 8), (1, 1)])
@pytest.mark.parametrize('stride', [2, 3])
def test_subsample__equals_slicing(size: tuple[int, int], stride: int) -> None:
    x = torch.randn(2, 3, *size, dtype=torch.double, requires_grad=True)
    found, sliced = subsample(x, stride), x[..., ::stride, ::stride]
    assert torch.equal(found, sliced)
    weights = torch.randn_like(sliced)
    ours, theirs = (
        torch.autograd.grad((out.square() * weights).sum(), x)[0]
        for out in (found, sliced)
    )
    assert torch.equal(ours, theirs)
    assert torch.autograd.gradcheck(lambda v: subsample(v, stride), x)


def test_subsample__channels_last_in_both_directions() -> None:
    x = torch.randn(2, 4, 6, 6).contiguous(memory_format=torch.channels_last)
    x.requires_grad_()
    found = subsample(x, 2)
    (grad,) = torch.autograd.grad(found, x, torch.randn(2, 4, 3, 3))
    for tensor in (found, grad):
        assert tensor.is_contiguous(memory_format=torch.channels_last)
        assert not tensor.is_contiguous()


def test_subsample__stride_1_is_the_map_itself() -> None:
    x = torch.randn(1, 1, 4, 4)
    assert subsample(x, 1) is x
