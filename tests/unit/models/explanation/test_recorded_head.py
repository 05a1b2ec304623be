# Copyright (c) clipbert_mm contributors.
"""The recorded head against its normal path and against transformers."""

from typing import Any

import pytest
import torch
from torch import Tensor

from clipbert_mm.models.explanation.recorded_head import (
    RecordedAttention,
    explain_pairs,
)
from clipbert_mm.models.explanation.relevance import token_relevance
from clipbert_mm.models.heads.bert_cross_modal_head import (
    BertCrossModalHead,
    join_tokens,
)

BERT = dict(
    vocab_size=20,
    hidden_size=24,
    num_hidden_layers=3,
    num_attention_heads=3,
    intermediate_size=40,
    attn_implementation='eager',
)


@pytest.fixture(scope='module')
def head() -> BertCrossModalHead:
    torch.manual_seed(0)
    head = BertCrossModalHead(dict(BERT)).double().eval()
    for param in head.parameters():
        torch.nn.init.normal_(param, std=0.3)
        param.requires_grad_(False)
    return head


@pytest.fixture(scope='module')
def inputs(head: BertCrossModalHead) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    grid = torch.randn(2, 3, 2, 2, 24, dtype=torch.double)
    ids = torch.randint(1, 20, (1, 2, 5))
    mask = (torch.arange(5) < torch.tensor([[5], [3]]))[None]
    with torch.inference_mode():
        return head.embed_texts(ids), mask, head.grid_embedding(grid)


def evidence(logits: Tensor) -> Tensor:
    return logits[..., 1] - logits[..., 0]


def test_recorded_attention__equals_that_of_pytorch() -> None:
    query, key, value = torch.randn(3, 2, 3, 4, 8).double().unbind()
    mask = torch.tensor([[True, True, False, True]])
    attention = RecordedAttention()
    torch.testing.assert_close(
        attention(query, key, value, mask),
        torch.nn.functional.scaled_dot_product_attention(
            query, key, value, mask
        ),
    )
    (probabilities,) = attention.probabilities
    assert not probabilities[..., 2].any()


@pytest.mark.parametrize('masked', [False, True])
def test_explain_pairs__logits_equal_the_normal_path(
    head: BertCrossModalHead, inputs: Any, masked: bool
) -> None:
    text, mask, visual = inputs
    mask = mask if masked else None
    found = explain_pairs(head, text, mask, visual, evidence)
    torch.testing.assert_close(
        found.clip_logits, head.match(text, mask, visual).clip_logits
    )
    assert found.relevance.shape == (2, 2, 3, 9, 9)
    if masked:  # padding is never relevant
        assert not found.relevance[:, 1, :, 0, 3:5].any()


def test_explain_pairs__attention_and_gradients_of_transformers(
    head: BertCrossModalHead, inputs: Any
) -> None:
    """Read A from transformers' own layers, and dA by its autograd."""
    text, _, visual = (tensor.clone() for tensor in inputs)
    found = explain_pairs(head, text, None, visual, evidence)
    states = join_tokens(text, None, visual.requires_grad_())[0]
    attentions: list[Tensor] = []
    hooks = [
        layer.attention.self.register_forward_hook(
            lambda _module, _inputs, output: attentions.append(output[1])
        )
        for layer in head.bert['encoder'].layer
    ]
    for layer in head.bert['encoder'].layer:
        output = layer(states)
        states = output[0] if isinstance(output, tuple) else output
    for hook in hooks:
        hook.remove()
    logits = head.classifier(head.bert['pooler'](states))
    gradients = torch.autograd.grad(evidence(logits).sum(), attentions)
    expected = token_relevance([a.detach() for a in attentions], gradients)
    torch.testing.assert_close(
        found.relevance[..., 0, :].flatten(0, 2), expected[:, 0]
    )
