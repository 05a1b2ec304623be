# Copyright (c) clipbert_mm contributors.
"""Tests of the errors of counts, calculated by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.evaluation import CountMetric


def sample(question_id: int, value: float, count: int, truth: int) -> dict:
    return dict(
        video_id=f'gif{question_id}',
        question_ids=[question_id],
        answer_types=[None],
        answer_labels=np.array([truth]),
        pred_values=torch.tensor([value]),
        pred_counts=torch.tensor([count]),
    )


SAMPLES = [
    sample(0, 2.25, 2, 3),
    sample(1, 12.5, 10, 10),
    sample(2, 4.5, 4, 4),
]
BAD = dict(
    video_id='gif3',
    question_ids=[3],
    answer_labels=np.array([5]),
    load_error='no frames',
)


def evaluate(samples: list[dict], **options: object) -> dict[str, float]:
    metric = CountMetric(**options)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_metric__errors_and_accuracy() -> None:
    assert evaluate(SAMPLES) == pytest.approx(
        dict(
            acc=2 / 3 * 100,
            mse=(1 + 0 + 0) / 3,
            mse_raw=(0.75**2 + 2.5**2 + 0.5**2) / 3,
        )
    )


def test_metric__order_does_not_matter() -> None:
    assert evaluate(SAMPLES[::-1]) == pytest.approx(evaluate(SAMPLES))


def test_metric__bad_videos() -> None:
    with pytest.raises(RuntimeError, match='1 of 4 .*\n  gif3: no frames'):
        evaluate([*SAMPLES, BAD])
    metrics = evaluate([*SAMPLES, BAD], bad_videos='wrong')
    assert metrics['acc'] == 2 / 4 * 100
    assert metrics['mse'] == pytest.approx(1 / 3)
    assert metrics['num_bad_videos'] == 1
    only_bad = evaluate([BAD], bad_videos='wrong')
    assert only_bad['acc'] == 0
    assert math.isnan(only_bad['mse'])


def test_metric__writes_counts(tmp_path: Path) -> None:
    path = tmp_path / 'counts.json'
    evaluate([SAMPLES[1], BAD], out_file=str(path), bad_videos='wrong')
    assert json.loads(path.read_text()) == [
        dict(question_id=1, answer=10),
        dict(question_id=3, answer=None),
    ]


def test_metric__wrong_input() -> None:
    with pytest.raises(ValueError, match="'counts.txt'"):
        CountMetric(out_file='counts.txt')
    with pytest.raises(ValueError, match="'gif1' are not numbers"):
        evaluate([sample(1, math.nan, 1, 1)])
    with pytest.raises(KeyError, match="gif0.*'pred_counts'"):
        evaluate([dict(video_id='gif0', question_ids=[0])])
