# Copyright (c) clipbert_mm contributors.
"""Counting: loss, rounding and limits."""

import pytest
import torch

from clipbert_mm.models import CountTask
from tests.toolbox.task_cases import samples_with, task_output


def test_count__loss_and_prediction() -> None:
    values = torch.tensor([[[-3.0], [1.4]], [[1.6], [99.0]]])
    batch = samples_with('answer_labels', [[1, 2], [2, 10]])
    task = CountTask()
    loss = task.loss(task_output(values), batch)['loss_count']
    assert loss.item() == pytest.approx((4**2 + 0.6**2 + 0.4**2 + 89**2) / 4)
    first, second = task.predict(task_output(values), batch)
    assert first.pred_values.tolist() == pytest.approx([-3, 1.4])
    assert first.pred_counts.tolist() == [1, 1]
    assert second.pred_counts.tolist() == [2, 10]
    (sample,) = CountTask(0, 5).predict(task_output(values[:1]), batch[:1])
    assert sample.pred_counts.tolist() == [0, 1]
