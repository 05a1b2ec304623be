# Copyright (c) clipbert_mm contributors.
"""Consensus: values by the definition, invariances, the MIL loss."""

import math

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import nn

from clipbert_mm.models import ConsensusAggregator, consensus_aggregator
from clipbert_mm.models.consensus_aggregator import register_aggregation
from clipbert_mm.models.text_bank import TextBank
from tests.toolbox.attention_consensus import AttentionConsensus
from tests.toolbox.tiny_models import (
    clipbert_config,
    fixed_init,
    samples,
    tiny_clipbert,
    tiny_inputs,
)

LOGITS = torch.tensor([[1.0, -2.0], [3.0, 0.5], [-1.0, 4.0]])[None, None]


@pytest.mark.parametrize(
    'aggregation, expected',
    [
        ('mean', [(1 + 3 - 1) / 3, (-2 + 0.5 + 4) / 3]),
        ('max', [3.0, 4.0]),
        (
            'lse',
            [
                math.log(math.exp(1) + math.exp(3) + math.exp(-1)),
                math.log(math.exp(-2) + math.exp(0.5) + math.exp(4)),
            ],
        ),
    ],
)
def test_consensus__definition(aggregation: str, expected: list) -> None:
    fused = ConsensusAggregator(aggregation)(LOGITS)
    torch.testing.assert_close(fused, torch.tensor([[expected]]))


@pytest.mark.parametrize('aggregation', ['mean', 'max', 'lse'])
def test_consensus__order_of_clips_does_not_matter(aggregation: str) -> None:
    aggregator = ConsensusAggregator(aggregation)
    torch.testing.assert_close(aggregator(LOGITS), aggregator(LOGITS.flip(2)))


@pytest.mark.parametrize('aggregation', ['mean', 'max', 'lse'])
def test_consensus__one_clip_is_the_video(aggregation: str) -> None:
    one = LOGITS[:, :, :1]
    torch.testing.assert_close(
        ConsensusAggregator(aggregation)(one), one[:, :, 0]
    )


def test_consensus__lse_cross_entropy_is_the_mil_loss() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(4, 3, 8, 5, generator=generator)
    labels = torch.randint(5, (4, 3), generator=generator)
    loss = F.cross_entropy(
        ConsensusAggregator('lse')(logits).flatten(0, 1), labels.flatten()
    )
    naive = 0.0
    for video in range(4):
        for text in range(3):
            scores = logits[video, text].exp()
            own = scores[:, labels[video, text]].sum()
            naive -= math.log(own / scores.sum())
    assert loss.item() == pytest.approx(naive / 12, rel=1e-5)


def test_consensus__unknown_aggregation() -> None:
    with pytest.raises(ValueError, match="'lse', 'max', 'mean'.*'median'"):
        ConsensusAggregator('median')


def test_register_aggregation__a_function_from_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consensus_aggregator, 'AGGREGATIONS', {})

    @register_aggregation('first')
    def first_logits(clip_logits: torch.Tensor, dim: int) -> torch.Tensor:
        return clip_logits.select(dim, 0)

    aggregator = ConsensusAggregator('first')
    assert torch.equal(aggregator(LOGITS), LOGITS[:, :, 0])
    assert not aggregator.is_log_sum_exp
    with pytest.raises(ValueError, match="'first' is already registered"):
        register_aggregation('first')(first_logits)


def attention_model(**task: object) -> nn.Module:
    cfg = clipbert_config(task=task)
    cfg['consensus'] = dict(type=AttentionConsensus)
    return fixed_init(MODELS.build(cfg))


def test_model__learned_consensus_is_trained() -> None:
    model = attention_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    before = model.consensus.attention.weight.clone()
    labels = samples([[1, 0, 0, 0], [0, 0, 1, 0]])
    model(tiny_inputs(), labels, mode='loss')['loss_itm'].backward()
    optimizer.step()
    assert not torch.equal(model.consensus.attention.weight, before)


def test_model__learned_consensus_scores_a_text_bank() -> None:
    model, inputs = attention_model().eval(), tiny_inputs()
    bank = TextBank(inputs['input_ids'][0], inputs['attention_mask'][0])
    with torch.no_grad():
        scored = model.predict(
            dict(imgs=inputs['imgs']), samples([[1]] * 2), bank
        )
        texts = dict(
            input_ids=bank.input_ids.expand(2, -1, -1),
            attention_mask=bank.attention_mask.expand(2, -1, -1),
        )
        logits = model(dict(texts, imgs=inputs['imgs']))
        weights = (
            logits @ model.consensus.attention.weight[0]
            + model.consensus.attention.bias
        ).softmax(-1)
        video = (weights[..., None] * logits).sum(2)
    torch.testing.assert_close(
        torch.stack([sample.match_score for sample in scored]),
        video.softmax(-1)[..., 1],
    )


def test_model__other_consensus_starts_from_a_trained_model() -> None:
    state = tiny_clipbert().state_dict()
    model = attention_model()
    result = model.load_state_dict(state, strict=False)
    assert result.missing_keys == [
        'consensus.attention.weight',
        'consensus.attention.bias',
    ]
