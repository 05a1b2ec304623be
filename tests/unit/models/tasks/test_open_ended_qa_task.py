# Copyright (c) clipbert_mm contributors.
"""Open-ended question answering against naive loops."""

import math

import pytest
import torch

from clipbert_mm.models import OpenEndedQATask
from tests.toolbox.task_cases import (
    ANSWERS,
    logits_of,
    negative_log_softmax,
    samples_with,
    task_output,
)


def test_open_ended__loss_and_gradient_by_a_naive_loop() -> None:
    logits, labels = logits_of(2, 2, 5), [[0, 2], [1, 1]]
    batch = samples_with('answer_labels', labels)
    loss = OpenEndedQATask(ANSWERS).loss(task_output(logits), batch)[
        'loss_answer'
    ]
    loss.backward()
    total = 0.0
    for i in range(2):
        for j in range(2):
            row, label = logits[i, j].tolist(), labels[i][j]
            total += negative_log_softmax(row, label) / 4
            norm = sum(math.exp(value) for value in row)
            gradient = [
                (math.exp(value) / norm - (k == label)) / 4
                for k, value in enumerate(row)
            ]
            assert logits.grad[i, j].tolist() == pytest.approx(
                gradient, abs=1e-6
            )
    assert loss.item() == pytest.approx(total)


def test_open_ended__classes_without_an_answer_never_win() -> None:
    logits = torch.tensor(
        [[[1.0, 2.0, 0.0, 9.0, 8.0], [3.0, 2.0, 0.0, 1.0, 9.0]]]
    )
    (sample,) = OpenEndedQATask(ANSWERS).predict(
        task_output(logits), samples_with()[:1]
    )
    assert sample.pred_labels.tolist() == [1, 0]
    assert sample.pred_labels.dtype == torch.long
    assert sample.pred_answers == ['dog', 'cat']
    norm = math.exp(1) + math.exp(2) + 1
    assert sample.answer_scores[0].tolist() == pytest.approx(
        [math.exp(1) / norm, math.exp(2) / norm, 1 / norm]
    )
    assert sample.answer_scores.shape == (2, 3)
