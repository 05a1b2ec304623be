# Copyright (c) clipbert_mm contributors.
"""One layer of BERT against Hugging Face's own forward pass."""

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertLayer

from clipbert_mm.models.layers.bert_layer import run_bert_layer

SIZES: dict[str, Any] = dict(
    hidden_size=24,
    num_attention_heads=3,
    intermediate_size=40,
    attn_implementation='eager',
)


@pytest.fixture(scope='module')
def layer() -> BertLayer:
    torch.manual_seed(0)
    layer = BertLayer(BertConfig(**SIZES)).double().eval()
    for param in layer.parameters():
        torch.nn.init.normal_(param, std=0.5)
    return layer


@pytest.fixture(scope='module')
def states() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, 7, 24, dtype=torch.double, generator=generator)


@pytest.fixture(scope='module')
def mask() -> Tensor:
    """Seven tokens to attend to, and four."""
    return (torch.arange(7) < torch.tensor([[7], [4]]))[:, None, None]


def theirs(layer: BertLayer, states: Tensor, mask: Tensor | None) -> Tensor:
    """Return all states, by the forward pass of transformers."""
    added = None
    if mask is not None:
        added = torch.zeros(mask.shape, dtype=torch.double)
        added.masked_fill_(~mask, torch.finfo(torch.double).min)
    output = layer(states, added)
    return output[0] if isinstance(output, tuple) else output


@torch.no_grad()
@pytest.mark.parametrize('masked', [False, True])
@pytest.mark.parametrize('num_queries', [None, 1, 3])
def test_run_bert_layer__equals_that_of_transformers(
    layer: BertLayer,
    states: Tensor,
    mask: Tensor,
    masked: bool,
    num_queries: int | None,
) -> None:
    given = mask if masked else None
    found = run_bert_layer(layer, states, given, num_queries)
    expected = theirs(layer, states, given)[:, :num_queries]
    assert expected.std() > 0.1
    torch.testing.assert_close(found, expected)


@torch.no_grad()
def test_run_bert_layer__masked_tokens_change_nothing(
    layer: BertLayer, states: Tensor, mask: Tensor
) -> None:
    other = states.clone()
    other[1, 4:] = 9.0
    found, same = (
        run_bert_layer(layer, given, mask, 4) for given in (states, other)
    )
    torch.testing.assert_close(found, same)
    assert not torch.allclose(run_bert_layer(layer, other, None, 4), found)


def test_run_bert_layer__dropout_in_training_alone(states: Tensor) -> None:
    layer = BertLayer(BertConfig(**SIZES, hidden_dropout_prob=0.0)).double()
    assert layer.attention.self.dropout.p > 0

    def run() -> Tensor:
        return run_bert_layer(layer, states, None)

    assert not torch.equal(run(), run())
    layer.eval()
    assert torch.equal(run(), run())
