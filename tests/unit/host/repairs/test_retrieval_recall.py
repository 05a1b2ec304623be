# Copyright (c) clipbert_mm contributors.
"""Tests of ``RetrievalRecall`` of MMAction2 on today's NumPy."""

import numpy as np
import pytest
import torch
from mmaction.registry import METRICS
from mmaction.structures import ActionDataSample

from clipbert_mm.host.repairs.retrieval_recall import (
    NumpyWithIn1d,
    restore_in1d,
)


def test_retrieval_recall__counts_hits():
    metric = METRICS.build(dict(type='mmaction.RetrievalRecall', topk=(1, 2)))
    scores = [[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.8, 0.2, 0.1]]
    for score, label in zip(scores, (0, 1, 2), strict=True):
        sample = ActionDataSample()
        sample.set_pred_score(torch.tensor(score))
        sample.set_field(torch.eye(3)[label], 'gt_score')
        sample.set_gt_label(label)
        metric.process(None, [sample.to_dict()])
    result = metric.evaluate(3)
    assert result == {
        'retrieval/Recall@1': pytest.approx(1 / 3 * 100),
        'retrieval/Recall@2': pytest.approx(2 / 3 * 100),
    }


def test_numpy_with_in1d__is_numpy_otherwise():
    numpy = NumpyWithIn1d()
    assert numpy.in1d([1, 2], [2]).tolist() == [False, True]
    assert numpy.array is np.array
    with pytest.raises(AttributeError, match='no_such_name'):
        numpy.no_such_name  # noqa: B018


def test_restore_in1d__leaves_numpy_itself_alone():
    had = hasattr(np, 'in1d')
    assert (restore_in1d() is None) == had
    assert hasattr(np, 'in1d') == had


def test_restore_in1d__does_nothing_where_numpy_has_it(monkeypatch):
    monkeypatch.setattr(np, 'in1d', np.isin, raising=False)
    assert restore_in1d() is None
