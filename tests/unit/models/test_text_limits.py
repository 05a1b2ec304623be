# Copyright (c) clipbert_mm contributors.
"""Texts must fit BERT's embeddings."""

import pytest
import torch
from transformers import (
    BertConfig,
    BridgeTowerTextConfig,
    RobertaConfig,
    RobertaModel,
)

from clipbert_mm.models.heads import BertCrossModalHead
from clipbert_mm.models.text_limits import check_text_limits, text_positions
from tests.toolbox.tiny_models import BERT

CONFIG = BertConfig(**BERT)


def test_check_text_limits__fits_exactly():
    check_text_limits(CONFIG, 16, 20, 'x')


@pytest.mark.parametrize(
    'length, words, message',
    [
        (
            17,
            20,
            r'x has max_txt_len=17, but BERT has 16 positions .* most 16',
        ),
        (16, 21, r'tokenizer of x has 21 words, .* embeddings for 20 \(vocab'),
        (16, 19, 'has 19 words'),
    ],
)
def test_check_text_limits__does_not_fit(length, words, message):
    with pytest.raises(ValueError, match=message):
        check_text_limits(CONFIG, length, words, 'x')


def test_check_text_limits__positions_that_count_from_the_padding():
    """The embeddings of RoBERTa and BridgeTower refuse one more token."""
    config = RobertaConfig(**dict(BERT, vocab_size=20), pad_token_id=1)
    embed = RobertaModel(config, add_pooling_layer=False)
    assert embed(torch.full((1, 14), 5)).last_hidden_state.shape[1] == 14
    check_text_limits(config, 14, 20, 'x')
    with pytest.raises((IndexError, RuntimeError)):
        embed(torch.full((1, 15), 5))
    with pytest.raises(ValueError, match='BERT has 14 positions'):
        check_text_limits(config, 15, 20, 'x')
    bridge = BridgeTowerTextConfig(max_position_embeddings=16, pad_token_id=1)
    assert text_positions(bridge) == 14


def test_embed_texts__longer_than_bert():
    head = BertCrossModalHead(BERT)
    ids = torch.ones(1, 1, 17, dtype=torch.long)
    assert head.embed_texts(ids[..., 1:]).shape == (1, 1, 16, 8)
    with pytest.raises(
        ValueError,
        match='at most 16 tokens, the positions of BERT, but got 17',
    ):
        head.embed_texts(ids)
