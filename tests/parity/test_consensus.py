# Copyright (c) clipbert_mm contributors.
"""Fused clips, and their losses and scores, equal the reference."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample

from clipbert_mm.models import ConsensusAggregator, RetrievalTask
from clipbert_mm.models.tasks.retrieval_task import rank_loss
from tests.parity.helpers import assert_close, make_output
from tests.toolbox import reference_data

CE_CASES = [
    ('ret2', 'mean'),
    ('ret2', 'max'),
    ('ret2', 'lse'),
    ('qa5', 'mean'),
    ('qa5', 'max'),
    ('qa5', 'lse'),
]
RANK_CASES = [('rank1', 'mean'), ('rank1', 'max')]


def pool(case: str, aggregation: str) -> torch.Tensor:
    """Fuse the stored logits of 8 clips and 6 texts."""
    logits = reference_data.tensor(f'agg/{case}/logits')
    # (C, M, K) -> (N = 1, M, C, K)
    fused = ConsensusAggregator(aggregation)(logits.transpose(0, 1)[None])
    return fused[0]


def make_samples(labels: np.ndarray) -> list[ActionDataSample]:
    samples = []
    for row in labels:
        sample = ActionDataSample()
        sample.set_field(row, 'text_labels')
        samples.append(sample)
    return samples


@pytest.mark.parametrize('case, aggregation', CE_CASES + RANK_CASES)
def test_consensus__pooled_logits(case, aggregation):
    assert_close(
        pool(case, aggregation),
        f'agg/{case}/pooled_logits_{aggregation}',
        1e-5,
    )


@pytest.mark.parametrize('case, aggregation', CE_CASES)
def test_consensus__cross_entropy(case, aggregation):
    labels = reference_data.tensor(f'agg/{case}/labels')
    loss = F.cross_entropy(pool(case, aggregation), labels)
    assert_close(loss, f'agg/{case}/train_loss_{aggregation}', 1e-5)


@pytest.mark.parametrize('aggregation', ['mean', 'max', 'lse'])
def test_consensus__loss_and_scores_of_retrieval(aggregation):
    task = RetrievalTask('ce')
    samples = make_samples(reference_data.array('agg/ret2/labels')[None])
    output = make_output(pool('ret2', aggregation)[None])
    loss = task.loss(output, samples)['loss_itm']
    assert_close(loss, f'agg/ret2/train_loss_{aggregation}', 1e-5)
    score = task.predict(output, samples)[0].get('match_score')
    assert_close(score, f'agg/ret2/probs_{aggregation}', 1e-5)


@pytest.mark.parametrize('aggregation', ['mean', 'max'])
def test_consensus__loss_and_scores_of_rank(aggregation):
    task = RetrievalTask('rank')
    logits = pool('rank1', aggregation)
    # Two videos with three texts each, the first of which matches.
    labels = np.array([[1, 0, 0], [1, 0, 0]])
    samples = make_samples(labels)
    loss = task.loss(make_output(logits.view(2, 3, 1)), samples)['loss_itm']
    assert_close(loss, f'agg/rank1/train_loss_{aggregation}', 1e-5)
    score = task.predict(make_output(logits[None]), samples[:1])[0]
    assert_close(
        score.get('match_score'), f'agg/rank1/probs_{aggregation}', 1e-5
    )


@pytest.mark.parametrize('aggregation', ['mean', 'max', 'lse'])
def test_consensus__answers(aggregation):
    answers = pool('qa5', aggregation).argmax(-1)
    stored = reference_data.array(f'agg/qa5/pred_{aggregation}')
    assert answers.tolist() == stored.tolist()


@pytest.mark.parametrize('num_videos', [1, 2, 3, 4, 6])
def test_rank_loss__every_hinge(num_videos):
    scores = reference_data.tensor('rank_loss_direct/logits').sigmoid()
    scores = scores.view(num_videos, -1)
    expected = reference_data.tensor(
        f'rank_loss_direct/loss_sample_size_{num_videos}'
    )
    labels = torch.zeros_like(scores, dtype=torch.long)
    labels[:, 0] = 1
    loss = rank_loss(scores, labels, margin=0.2)
    assert loss.item() == pytest.approx(expected.mean().item(), abs=1e-5)
    for video in range(num_videos):
        for text in range(expected.shape[1]):
            pair = scores[video, [0, text + 1]][None]
            hinge = rank_loss(pair, torch.tensor([[1, 0]]), margin=0.2)
            assert hinge.item() == pytest.approx(
                expected[video, text].item(), abs=1e-5
            )
