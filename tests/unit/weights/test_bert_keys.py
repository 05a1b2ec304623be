# Copyright (c) clipbert_mm contributors.
"""Tests of the names and shapes of BERT, on the models of transformers."""

import pytest
from transformers import BertConfig, BertForPreTraining

from clipbert_mm.weights.bert_keys import (
    MLM_HEAD,
    PAIR_HEAD,
    bert_shapes,
    count_layers,
)

SIZES = dict(
    vocab_size=20,
    hidden_size=8,
    max_position_embeddings=12,
    type_vocab_size=3,
    intermediate_size=16,
)


@pytest.mark.parametrize('num_layers', [1, 3])
def test_shapes__are_those_of_transformers(num_layers):
    model = BertForPreTraining(
        BertConfig(
            **SIZES, num_hidden_layers=num_layers, num_attention_heads=2
        )
    )
    shapes = {
        **{f'bert.{k}': v for k, v in bert_shapes(num_layers).items()},
        **{f'cls.predictions.{k}': v for k, v in MLM_HEAD.items()},
        **{f'cls.seq_relationship.{k}': v for k, v in PAIR_HEAD.items()},
    }
    found = {
        name: tuple(value.shape)
        for name, value in model.state_dict().items()
        if 'predictions.decoder' not in name  # tied
    }
    assert found == {
        name: tuple(SIZES.get(size, size) for size in shape)
        for name, shape in shapes.items()
    }
    assert count_layers(found) == num_layers


def test_count_layers__of_a_checkpoint_without_any():
    assert count_layers(['bert.pooler.dense.weight']) == 1
