# Copyright (c) clipbert_mm contributors.
"""Tests of the pretraining accuracies, counted by hand."""

import numpy as np
import pytest
import torch

from clipbert_mm.evaluation import PretrainMetric

SAMPLES = [
    dict(
        match_score=torch.tensor([0.9, 0.4]),
        text_labels=np.array([1, 1]),
        mlm_labels=np.array([[-100, 5, -100], [7, -100, 8]]),
        mlm_pred=torch.tensor([5, 7, 9]),
    ),
    dict(
        match_score=torch.tensor([0.2]),
        text_labels=np.array([0]),
        mlm_labels=np.array([[-100, -100, 3]]),
        mlm_pred=torch.tensor([4]),
    ),
]


def test_pretrain_metric__counts_over_all_items() -> None:
    metric = PretrainMetric()
    metric.process(None, SAMPLES)
    assert metric.evaluate(2) == pytest.approx(
        dict(itm_acc=2 / 3 * 100, mlm_acc=2 / 4 * 100)
    )


def test_pretrain_metric__without_mlm() -> None:
    metric = PretrainMetric()
    metric.process(
        None,
        [{k: v for k, v in s.items() if k != 'mlm_pred'} for s in SAMPLES],
    )
    assert set(metric.evaluate(2)) == {'itm_acc'}


def test_pretrain_metric__refuses_what_is_no_number() -> None:
    sample = dict(
        SAMPLES[1], match_score=torch.tensor([torch.nan]), video_id='coco/9'
    )
    with pytest.raises(ValueError, match="'coco/9' are not numbers"):
        PretrainMetric().process(None, [sample])
