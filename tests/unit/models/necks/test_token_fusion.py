# Copyright (c) clipbert_mm contributors.
"""Tokens of frames as those of a clip, against loops."""

import pytest
import torch

from clipbert_mm.models import TokenFusion

FEATURES = torch.randn(
    6, 2, 8, 3, 5, generator=torch.Generator().manual_seed(0)
)


def test_token_fusion__mean() -> None:
    found = TokenFusion(8)(FEATURES)
    assert found.shape == (6, 3, 5, 8)
    expected = (FEATURES[4, 0, :, 1, 2] + FEATURES[4, 1, :, 1, 2]) / 2
    torch.testing.assert_close(found[4, 1, 2], expected)


def test_token_fusion__join() -> None:
    found = TokenFusion(8, 'join')(FEATURES)
    assert found.shape == (6, 2, 3, 5, 8)
    for frame in range(2):
        for row in range(3):
            assert torch.equal(
                found[4, frame, row, 2], FEATURES[4, frame, :, row, 2]
            )


def test_token_fusion__names_the_width() -> None:
    with pytest.raises(ValueError, match='width 16, but the backbone returns'):
        TokenFusion(16)(FEATURES)
