# Copyright (c) clipbert_mm contributors.
"""Outputs and targets of tasks, and the naive loss of one row."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from clipbert_mm.models.tasks import ModelOutput

ANSWERS = ['cat', 'dog', 'two']
RNG = np.random.default_rng(0)
SOFT_LABELS = np.array(
    [[[0.3, 0, 1], [0, 0, 0]], [[0.9, 0.6, 0], [0, 1, 0.3]]], np.float32
)


def task_output(logits: Tensor, states: Tensor | None = None) -> ModelOutput:
    """Wrap logits ``(N, M, K)`` as the output of a model with 20 words."""
    words = torch.sin(torch.arange(20 * 8.0)).view(20, 8)
    return ModelOutput(logits, states, words)


def logits_of(*shape: int) -> Tensor:
    """Draw logits that require a gradient."""
    values = torch.from_numpy(RNG.standard_normal(shape)).float()
    return values.requires_grad_()


def samples_with(
    field: str | None = None, values: Sequence = (0, 0)
) -> list[ActionDataSample]:
    """Make one sample for each value."""
    result = []
    for i, value in enumerate(values):
        sample = ActionDataSample(metainfo=dict(video_id=f'video{i}'))
        if field is not None:
            sample.set_field(np.asarray(value), field)
        result.append(sample)
    return result


def negative_log_softmax(row: list[float], label: int) -> float:
    """Return the cross entropy of one row of logits."""
    return math.log(sum(math.exp(value) for value in row)) - row[label]
