# Copyright (c) clipbert_mm contributors.
"""The folded norm against PyTorch's batch norm in evaluation mode."""

import torch
from torch import nn

from clipbert_mm.models.layers.frozen_batch_norm import FrozenBatchNorm2d


def random_norm(eps: float) -> tuple[FrozenBatchNorm2d, nn.BatchNorm2d]:
    """Return a frozen norm and PyTorch's, with equal vectors."""
    torch.manual_seed(0)
    frozen = FrozenBatchNorm2d(4, eps)
    for buffer in frozen.buffers():
        buffer.uniform_(0.1, 2.0)
    plain = nn.BatchNorm2d(4, eps)
    plain.load_state_dict(frozen.state_dict(), strict=False)
    return frozen.double(), plain.double().eval()


def test_fold__convolution_with_the_norm() -> None:
    frozen, plain = random_norm(eps=0.3)  # large enough to be seen
    weight = torch.randn(4, 3, 3, 3, dtype=torch.double)
    x = torch.randn(2, 3, 6, 5, dtype=torch.double)
    torch.testing.assert_close(
        torch.conv2d(x, *frozen.fold(weight)),
        plain(torch.conv2d(x, weight)),
    )


def test_fold__gradient_of_the_weight() -> None:
    frozen, plain = random_norm(eps=1e-5)
    weight = torch.randn(4, 3, 1, 1, dtype=torch.double, requires_grad=True)
    x = torch.randn(2, 3, 4, 4, dtype=torch.double)
    ours, theirs = (
        torch.autograd.grad(out.square().sum(), weight)[0]
        for out in (
            torch.conv2d(x, *frozen.fold(weight)),
            plain(torch.conv2d(x, weight)),
        )
    )
    torch.testing.assert_close(ours, theirs)


def test_frozen_batch_norm__stays_as_it_is() -> None:
    norm = FrozenBatchNorm2d(3).train()
    assert set(norm.state_dict()) == {
        'weight',
        'bias',
        'running_mean',
        'running_var',
    }
    assert list(norm.parameters()) == []
    weight = torch.ones(3, 2, 1, 1)
    folded, bias = norm.fold(weight)
    # A new one only divides by the root of 1 + eps.
    torch.testing.assert_close(folded, weight / (1 + 1e-5) ** 0.5)
    assert not bias.any()
