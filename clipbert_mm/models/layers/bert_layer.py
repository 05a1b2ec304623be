# Copyright (c) clipbert_mm contributors.
"""One layer of BERT, computed for all its tokens or for the first few."""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

# A function with the arguments of PyTorch's scaled_dot_product_attention.
Attention = Callable[..., Tensor]


def run_bert_layer(
    layer: Any,
    states: Tensor,
    mask: Tensor | None,
    num_queries: int | None = None,
    attend: Attention = F.scaled_dot_product_attention,
) -> Tensor:
    """Return the output of a Hugging Face ``BertLayer`` at its first tokens.

    Often only ``[CLS]`` of the last layer is read. Every token is a key and a
    value then, but the rest of the layer, five sixths of its multiplications,
    is needed for one token. Hugging Face's own forward computes it for all.

    Args:
        layer (Any): ``BertLayer`` of transformers with its weights.
        states (Tensor): ``(B, S, D)``.
        mask (Tensor | None): Boolean ``(B, 1, 1, S)``, True at tokens to
            attend to; None attends to all, which is faster.
        num_queries (int | None): Number of first tokens to compute. Defaults
            to None: all.
        attend (Attention): Attention of the heads. Defaults to PyTorch's
            fused one.

    Returns:
        Tensor: ``(B, num_queries or S, D)``.

    Example:
        >>> layer = BertModel(
        ...     BertConfig()).encoder.layer[-1]  # doctest: +SKIP
        >>> states = torch.zeros(2, 69, 768)  # doctest: +SKIP
        >>> run_bert_layer(layer, states, None, 1).shape  # doctest: +SKIP
        torch.Size([2, 1, 768])
    """
    attention = layer.attention.self
    wanted = states[:, :num_queries]

    def heads(tokens: Tensor) -> Tensor:
        split = tokens.unflatten(-1, (attention.num_attention_heads, -1))
        return split.transpose(1, 2)  # (B, heads, S, D / heads)

    context = attend(
        heads(attention.query(wanted)),
        heads(attention.key(states)),
        heads(attention.value(states)),
        attn_mask=mask,
        dropout_p=attention.dropout.p if layer.training else 0.0,
    )
    context = context.transpose(1, 2).flatten(2)
    attended = layer.attention.output(context, wanted)
    return layer.output(layer.intermediate(attended), attended)
