# Copyright (c) clipbert_mm contributors.
"""Tests of the parts that the metrics of answers are made of."""

from typing import Any

import pytest
import torch

from clipbert_mm.evaluation.answers import (
    check_numbers,
    mean_by_type,
    right_labels,
)


def test_mean_by_type__against_a_naive_count() -> None:
    scores = [1.0, 0.0, 0.3, 1.0]
    types = ['what', 'who', None, 'what']
    assert mean_by_type(scores, types) == pytest.approx(
        {'acc': 57.5, 'acc/what': 100.0, 'acc/who': 0.0}
    )
    with pytest.raises(ValueError, match='zip'):
        mean_by_type(scores, types[:2])


def test_check_numbers() -> None:
    values = torch.tensor([0.0, float('inf')])
    check_numbers(dict(video_id='v'), values)
    with pytest.raises(
        ValueError,
        match=r"^The predictions for 'v' are not numbers \(NaN\). Training "
        r'may have diverged: test an earlier checkpoint.$',
    ):
        check_numbers(dict(video_id='v'), values * 0)


@pytest.mark.parametrize('labels', [[3, -1], torch.tensor([3, -1])])
def test_right_labels(labels: Any) -> None:
    assert right_labels(dict(answer_labels=labels)) == [3, -1]
    assert right_labels({}) is None
