# Copyright (c) clipbert_mm contributors.
"""The rule of Chefer et al. against loops over its formula."""

import numpy as np
import pytest
import torch

from clipbert_mm.models.explanation.relevance import token_relevance


def naive(attentions: list, gradients: list) -> np.ndarray:
    """R <- R + mean_h(relu(A * dA)) R, entry by entry."""
    size, heads = attentions[0].shape[-1], len(attentions[0])
    relevance = np.eye(size)
    for attention, gradient in zip(attentions, gradients):
        before = relevance.copy()
        for i in range(attention.shape[1]):
            for j in range(size):
                for k in range(size):
                    weight = sum(
                        max(0.0, float(attention[h, i, k] * gradient[h, i, k]))
                        for h in range(heads)
                    )
                    relevance[i, j] += weight / heads * before[k, j]
    return relevance


@pytest.mark.parametrize('last_queries', [5, 1])
def test_token_relevance__equals_naive_loops(last_queries: int) -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, 3, 5, 5), (2, 3, 5, 5), (2, 3, last_queries, 5)]
    attentions = [
        torch.rand(shape, generator=generator, dtype=torch.double)
        for shape in shapes
    ]
    gradients = [
        torch.randn(shape, generator=generator, dtype=torch.double)
        for shape in shapes
    ]
    found = token_relevance(attentions, gradients)
    for b in range(2):
        expected = naive([a[b] for a in attentions], [g[b] for g in gradients])
        np.testing.assert_allclose(found[b], expected, rtol=1e-12)


def test_token_relevance__refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r'of its shape, but got .*\(1, 1,'):
        token_relevance([torch.ones(1, 1, 2, 2)], [torch.ones(1, 1, 2, 3)])
