# Copyright (c) clipbert_mm contributors.
"""Consensus: values by the definition, invariances, the MIL loss."""

import math

import pytest
import torch
import torch.nn.functional as F

from clipbert_mm.models import ConsensusAggregator

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
    with pytest.raises(ValueError, match="'median'.*'lse', 'max', 'mean'"):
        ConsensusAggregator('median')
