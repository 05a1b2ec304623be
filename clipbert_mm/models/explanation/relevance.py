# Copyright (c) clipbert_mm contributors.
"""Relevance of tokens to a logit, from attention and its gradients."""

from collections.abc import Sequence

import torch
from torch import Tensor


def token_relevance(
    attentions: Sequence[Tensor], gradients: Sequence[Tensor]
) -> Tensor:
    r"""Return how relevant every token is to every other one.

    The rule for pure self-attention of Chefer et al., `Generic
    Attention-model Explainability <https://arxiv.org/abs/2103.15679>`_
    (ICCV 2021), equations 5 and 6: :math:`R` begins as the identity, and
    each layer adds :math:`\bar{A} R` with :math:`\bar{A}` the mean over the
    heads of :math:`(A \odot \nabla A)^+`. The row of ``[CLS]`` explains the
    logit.

    A layer that was computed for its first tokens alone changes their rows.

    Args:
        attentions (Sequence[Tensor]): Attention probabilities of the layers,
            first to last, ``(B, heads, Q, S)`` with Q of the S tokens.
        gradients (Sequence[Tensor]): Gradients of the logit with respect to
            them.

    Returns:
        Tensor: ``(B, S, S)``.

    Raises:
        ValueError: If the layers and the gradients do not fit.

    Example:
        >>> attention = torch.tensor([[[[0.25, 0.75]]]])
        >>> token_relevance([attention], [torch.ones(1, 1, 1, 2)])
        tensor([[[1.2500, 0.7500],
                 [0.0000, 1.0000]]])
    """
    shapes = [tuple(tensor.shape) for tensor in attentions]
    others = [tuple(tensor.shape) for tensor in gradients]
    if not shapes or shapes != others:
        raise ValueError(
            'There must be a gradient for each attention, of its shape, but '
            f'got attentions {shapes} and gradients {others}.'
        )
    batch, _, _, num_tokens = shapes[0]
    relevance = torch.eye(num_tokens).to(attentions[0])
    relevance = relevance.expand(batch, -1, -1).clone()
    for attention, gradient in zip(attentions, gradients):
        weights = (attention * gradient).clamp(min=0).mean(1)  # (B, Q, S)
        # The product is complete before the rows change.
        relevance[:, : weights.shape[1]] += weights @ relevance
    return relevance
