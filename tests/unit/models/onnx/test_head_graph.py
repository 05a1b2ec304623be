# Copyright (c) clipbert_mm contributors.
"""The ONNX graph of a head against transformers' BERT."""

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import BertConfig, BertModel

from clipbert_mm.models.heads.bert_cross_modal_head import BertCrossModalHead
from clipbert_mm.models.onnx.head_graph import head_graph
from clipbert_mm.models.onnx.onnx_matcher import open_session

BERT = dict(
    vocab_size=20,
    hidden_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=96,
)


def make_head(classifier: str = 'mlp', **bert: object) -> BertCrossModalHead:
    torch.manual_seed(0)
    head = BertCrossModalHead(
        {**BERT, **bert}, num_classes=3, classifier=classifier
    )
    for parameter in head.parameters():  # larger than BERT's initial ones
        torch.nn.init.normal_(parameter, std=0.15)
    return head.eval()


def make_tokens(length: int) -> tuple[Tensor, Tensor]:
    """Return five sequences, of which four are padded before their end."""
    generator = torch.Generator().manual_seed(length)
    tokens = torch.randn(5, length, 48, generator=generator)
    mask = torch.ones(5, length, dtype=torch.bool)
    for i in range(1, 5):
        mask[i, length - 1 - i : length - 1] = False
    return tokens, mask


def theirs(head: BertCrossModalHead, tokens: Tensor, mask: Tensor) -> Tensor:
    """Logits of transformers' encoder, which computes every token."""
    bert = BertModel(
        BertConfig.from_dict({**head.config.to_dict(), 'dtype': None})
    ).eval()
    bert.load_state_dict(head.bert.state_dict())
    bias = torch.where(mask, 0.0, torch.finfo(torch.float32).min)
    states = bert.encoder(tokens, bias[:, None, None]).last_hidden_state
    return head.classifier(bert.pooler(states))


def run(graph: bytes, tokens: Tensor, mask: Tensor) -> np.ndarray:
    feeds = dict(tokens=tokens.numpy(), mask=mask.numpy())
    return open_session(graph).run(['logits'], feeds)[0]


@pytest.mark.parametrize('classifier', ['mlp', 'linear'])
@pytest.mark.parametrize('act', ['gelu', 'gelu_new', 'relu'])
def test_head_graph__equals_transformers(classifier: str, act: str) -> None:
    head = make_head(classifier, hidden_act=act)
    graph = head_graph(head)
    for length in (6, 9, 23):
        tokens, mask = make_tokens(length)
        with torch.no_grad():
            expected = theirs(head, tokens, mask).numpy()
        assert np.abs(expected).max() > 0.1
        np.testing.assert_allclose(
            run(graph, tokens, mask), expected, atol=1e-5
        )


def test_head_graph__int8_within_a_fiftieth_of_the_spread() -> None:
    head = make_head()
    tokens, mask = make_tokens(23)
    with torch.no_grad():
        expected = theirs(head, tokens, mask).numpy()
    found = run(head_graph(head, int8=True), tokens, mask)
    error = np.abs(found - expected).max()
    assert 0 < error < 0.02 * np.ptp(expected)


def test_head_graph__one_layer_quantises_keys_and_values_only() -> None:
    onnx = pytest.importorskip('onnx')
    graph = head_graph(make_head(num_hidden_layers=1), int8=True)
    kinds = [n.op_type for n in onnx.load_from_string(graph).graph.node]
    assert kinds.count('MatMulInteger') == 1
    # Query, scores, context, output, feed-forward (2), pooler, classifier (2).
    assert kinds.count('MatMul') == 9


def test_head_graph__unknown_activation() -> None:
    head = make_head(hidden_act='silu')
    message = "hidden_act of BERT must be one of .* but is 'silu'"
    with pytest.raises(ValueError, match=message):
        head_graph(head)
