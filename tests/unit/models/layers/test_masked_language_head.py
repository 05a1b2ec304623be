# Copyright (c) clipbert_mm contributors.
"""The masked-language head against that of transformers."""

import pytest
import torch
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertLMPredictionHead

from clipbert_mm.models.layers.masked_language_head import MaskedLanguageHead

CONFIG = BertConfig(vocab_size=11, hidden_size=8, initializer_range=0.5)


def test_masked_language_head__equals_that_of_transformers() -> None:
    torch.manual_seed(0)
    ours, theirs = MaskedLanguageHead(CONFIG), BertLMPredictionHead(CONFIG)
    torch.nn.init.normal_(ours.bias)
    theirs.transform.load_state_dict(ours.transform.state_dict())
    with torch.no_grad():
        theirs.bias.copy_(ours.bias)
        theirs.decoder.bias.copy_(ours.bias)
    states = torch.randn(2, 3, 8)
    found = ours(states, theirs.decoder.weight)
    assert found.shape == (2, 3, 11)
    torch.testing.assert_close(found, theirs(states))


def test_masked_language_head__embeddings_get_the_gradient() -> None:
    head = MaskedLanguageHead(CONFIG)
    words = torch.randn(11, 8, requires_grad=True)
    states = torch.randn(4, 8)
    head(states, words)[:, 3].sum().backward()
    assert words.grad is not None
    expected = torch.zeros(11, 8)
    expected[3] = head.transform(states).sum(0)
    torch.testing.assert_close(words.grad, expected)
    # One tensor in a checkpoint: the words are not a part of the head.
    assert not any(value.shape == (11, 8) for value in head.parameters())


def test_masked_language_head__new_weights() -> None:
    config = BertConfig(vocab_size=5, hidden_size=64, initializer_range=0.02)
    head = MaskedLanguageHead(config)
    std = head.transform.dense.weight.std().item()
    assert std == pytest.approx(0.02, rel=0.1)
    assert not head.transform.dense.bias.any()
    assert not head.bias.any()
