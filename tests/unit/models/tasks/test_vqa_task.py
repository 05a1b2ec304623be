# Copyright (c) clipbert_mm contributors.
"""VQA with soft labels against naive loops."""

import math

import numpy as np
import pytest
import torch

from clipbert_mm.models import VQATask
from tests.toolbox.task_cases import (
    ANSWERS,
    SOFT_LABELS,
    logits_of,
    samples_with,
    task_output,
)


def test_vqa__loss_and_gradient_by_a_naive_loop() -> None:
    logits, batch = (
        logits_of(2, 2, 3),
        samples_with('soft_labels', SOFT_LABELS),
    )
    loss = VQATask(ANSWERS).loss(task_output(logits), batch)['loss_answer']
    loss.backward()
    total = 0.0
    for index in np.ndindex(2, 2, 3):
        target = float(SOFT_LABELS[index])
        chance = 1 / (1 + math.exp(-logits[index].item()))
        # Sum over the 3 answers, mean over the 4 questions.
        total -= (
            target * math.log(chance) + (1 - target) * math.log(1 - chance)
        ) / 4
        assert logits.grad[index].item() == pytest.approx(
            (chance - target) / 4, abs=1e-6
        )
    assert loss.item() == pytest.approx(total)


def test_vqa__scores_that_round_to_one_do_not_tie() -> None:
    logits = torch.tensor([[[50.0, 60.0, -1.0]]])
    (sample,) = VQATask(ANSWERS).predict(
        task_output(logits), samples_with()[:1]
    )
    assert sample.answer_scores[0, 0] == sample.answer_scores[0, 1] == 1
    assert sample.answer_scores[0, 2].item() == pytest.approx(1 / (1 + math.e))
    assert sample.pred_answers == ['dog']
