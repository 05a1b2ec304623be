# Copyright (c) clipbert_mm contributors.
"""The cross-modal head with attention that can be read."""

import math
from collections.abc import Callable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from clipbert_mm.models.heads.bert_cross_modal_head import (
    BertCrossModalHead,
    check_bert_head,
    join_tokens,
)
from clipbert_mm.models.layers.bert_layer import run_bert_layer

from .relevance import token_relevance


class Explained(NamedTuple):
    """Logits of pairs and what speaks for them."""

    clip_logits: Tensor  # (N, M, C, K), unnormalised
    relevance: Tensor  # (N, M, C, L + V, L + V), of each row to its token


class RecordedAttention:
    """Scaled dot-product attention that keeps its probabilities.

    PyTorch's fused attention, which the normal path uses, never has them.

    Attributes:
        probabilities (list[Tensor]): ``(B, heads, Q, S)`` of each call.
    """

    def __init__(self) -> None:
        self.probabilities: list[Tensor] = []

    def __call__(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
    ) -> Tensor:
        """Attend as ``scaled_dot_product_attention``; dropout is left out.

        Args:
            query (Tensor): ``(B, heads, Q, d)``.
            key (Tensor): ``(B, heads, S, d)``.
            value (Tensor): ``(B, heads, S, d)``.
            attn_mask (Tensor | None): Boolean, True at tokens to attend to.
                Defaults to None: all.
            dropout_p (float): Not used: explained models do not train.

        Returns:
            Tensor: ``(B, heads, Q, d)``.
        """
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if attn_mask is not None:
            scores = scores.masked_fill(~attn_mask, -torch.inf)
        self.probabilities.append(scores.softmax(-1))
        return self.probabilities[-1] @ value


def explain_pairs(
    head: BertCrossModalHead,
    text: Tensor,
    text_mask: Tensor | None,
    visual: Tensor,
    evidence: Callable[[Tensor], Tensor],
) -> Explained:
    """Return the logits of pairs, and the relevance of their tokens.

    The parameters keep their gradients, and threads may share the head.

    Args:
        head (BertCrossModalHead): Head in evaluation mode.
        text (Tensor): Text tokens, ``(N or 1, M, L, D)``.
        text_mask (Tensor | None): Boolean ``(N or 1, M, L)``, True at real
            tokens; None if all are.
        visual (Tensor): Visual tokens, ``(N, C, V, D)``.
        evidence (Callable[[Tensor], Tensor]): Function from the clip logits
            ``(N, M, C, K)`` to what is explained, one value for each pair.

    Returns:
        Explained: Clip logits, and the result of :func:`token_relevance`.

    Raises:
        ValueError: If the head is another one.
    """
    check_bert_head(head, "Explaining by method='attention'")
    pairs = (visual.shape[0], text.shape[1], visual.shape[1])
    attention = RecordedAttention()
    with torch.enable_grad():
        # Copies: tensors of inference mode have no gradients, and without
        # one a frozen head would not record any.
        tokens, mask = join_tokens(
            text.clone(), text_mask, visual.clone().requires_grad_()
        )
        layers = cast(nn.ModuleList, head.bert['encoder'].layer)
        for i, layer in enumerate(layers):
            wanted = 1 if i == len(layers) - 1 else None
            tokens = run_bert_layer(layer, tokens, mask, wanted, attention)
        logits = head.classifier(head.bert['pooler'](tokens))
        logits = logits.unflatten(0, pairs)
        gradients = torch.autograd.grad(
            evidence(logits).sum(), attention.probabilities
        )
    relevance = token_relevance(
        [tensor.detach() for tensor in attention.probabilities], gradients
    )
    return Explained(logits.detach(), relevance.unflatten(0, pairs))
