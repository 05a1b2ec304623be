# Copyright (c) clipbert_mm contributors.
"""Retrieval: losses against naive loops, and match scores."""

import pytest
import torch
from mmaction.structures import ActionDataSample

from clipbert_mm.models import RetrievalTask
from clipbert_mm.models.tasks.retrieval_task import rank_loss
from tests.toolbox.task_cases import task_output
from tests.toolbox.tiny_models import samples


def test_rank_loss__several_own_captions_by_a_naive_loop() -> None:
    scores = torch.tensor([[0.9, 0.8, 0.3, 0.75], [0.2, 0.5, 0.6, 0.1]])
    labels = torch.tensor([[1, 0, 1, 0], [1, 1, 0, 0]])
    terms = []
    for video in range(2):
        for own in range(4):
            for other in range(4):
                if labels[video, own] == 1 and labels[video, other] == 0:
                    terms.append(
                        max(
                            0.0,
                            0.2
                            + scores[video, other].item()
                            - scores[video, own].item(),
                        )
                    )
    assert rank_loss(scores, labels, 0.2).item() == pytest.approx(
        sum(terms) / len(terms)
    )


def test_rank_loss__a_leading_own_caption_costs_nothing() -> None:
    scores = torch.tensor([[0.9, 0.1, 0.2]])
    assert rank_loss(scores, torch.tensor([[1, 0, 0]]), 0.2) == 0


def test_retrieval_task__scores() -> None:
    logits = torch.tensor([[[0.0, 1.0], [2.0, -1.0]]])
    (sample,) = RetrievalTask().predict(task_output(logits), samples([[1, 0]]))
    expected = [1 / (1 + 2.718281828**-1), 1 / (1 + 2.718281828**3)]
    assert sample.match_score.tolist() == pytest.approx(expected)
    (sample,) = RetrievalTask('rank').predict(
        task_output(logits[..., :1]), samples([[1, 0]])
    )
    assert sample.match_score.tolist() == pytest.approx(
        [0.5, 1 / (1 + 2.718281828**-2)]
    )


def test_retrieval_task__missing_labels() -> None:
    sample = ActionDataSample(metainfo=dict(video_id='video7'))
    with pytest.raises(KeyError, match='video7.*text_labels'):
        RetrievalTask().loss(task_output(torch.zeros(1, 2, 2)), [sample])


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(loss_type='triplet'), "'ce', 'rank'.*'triplet'"),
        (dict(loss_type='rank', margin=2.0), 'got 2.0'),
    ],
)
def test_retrieval_task__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RetrievalTask(**options)
