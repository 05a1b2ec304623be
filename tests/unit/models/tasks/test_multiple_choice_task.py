# Copyright (c) clipbert_mm contributors.
"""Multiple choice against naive loops."""

import math

import pytest
import torch

from clipbert_mm.models import MultipleChoiceTask
from tests.toolbox.task_cases import (
    logits_of,
    negative_log_softmax,
    samples_with,
    task_output,
)


def test_multiple_choice__loss_by_a_naive_loop() -> None:
    logits, labels = logits_of(2, 6, 1), [[0, 2], [1, 1]]  # 2 x 2 x 3 options
    batch = samples_with('answer_labels', labels)
    loss = MultipleChoiceTask(3).loss(task_output(logits), batch)[
        'loss_answer'
    ]
    total = 0.0
    for i in range(2):
        for j in range(2):
            row = [logits[i, 3 * j + k, 0].item() for k in range(3)]
            total += negative_log_softmax(row, labels[i][j]) / 4
    assert loss.item() == pytest.approx(total)


def test_multiple_choice__scores_of_each_question() -> None:
    logits = torch.tensor([[[0.0], [1.0], [3.0], [2.0]]])
    (sample,) = MultipleChoiceTask(2).predict(
        task_output(logits), samples_with()[:1]
    )
    assert sample.pred_labels.tolist() == [1, 0]
    high = 1 / (1 + math.exp(-1))
    assert sample.answer_scores.flatten().tolist() == pytest.approx(
        [1 - high, high, high, 1 - high]
    )
