# Copyright (c) clipbert_mm contributors.
"""Tests of the targets that tasks stack from samples."""

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample

from clipbert_mm.models.tasks.task_output import stack_field, stack_labels

CPU = torch.device('cpu')


def samples_of(field: str, *values: object) -> list[ActionDataSample]:
    result = []
    for i, value in enumerate(values):
        sample = ActionDataSample(metainfo=dict(video_id=f'v{i}'))
        if value is not None:
            sample.set_field(value, field)
        result.append(sample)
    return result


def test_stack_field__of_lists_arrays_and_tensors() -> None:
    samples = samples_of(
        'labels', [1, 0], np.array([2, 3]), torch.tensor([4, 5])
    )
    stacked = stack_field(samples, 'labels', CPU)
    assert stacked.dtype == torch.int64
    assert stacked.tolist() == [[1, 0], [2, 3], [4, 5]]


def test_stack_field__of_another_type_and_device() -> None:
    samples = samples_of('soft', [[0.25, 0.5]], [[0.75, 1.0]])
    stacked = stack_field(samples, 'soft', torch.device('meta'), torch.half)
    assert stacked.device.type == 'meta'
    stacked = stack_field(samples, 'soft', CPU, torch.half)
    assert stacked.dtype == torch.half
    assert stacked.tolist() == [[[0.25, 0.5]], [[0.75, 1.0]]]


def test_stack_field__missing() -> None:
    with pytest.raises(KeyError) as raised:
        stack_field(samples_of('labels', [1], None), 'labels', CPU)
    assert raised.value.args == (
        "The data sample of 'v1' has no field 'labels'. Add it to "
        'algorithm_keys of PackActionInputs.',
    )


def test_stack_labels__in_range() -> None:
    samples = samples_of('answer_labels', [0, 4], [2, 3])
    labels = stack_labels(samples, 5, CPU)
    assert labels.tolist() == [[0, 4], [2, 3]]


@pytest.mark.parametrize('wrong', [-1, 5])
def test_stack_labels__out_of_range(wrong: int) -> None:
    samples = samples_of('answer_labels', [0, 4], [2, wrong])
    with pytest.raises(
        ValueError,
        match=r"^Answer labels must be in \[0, 4\], but a question about 'v1' "
        f'has the label {wrong}. Give the dataset and the task the same '
        r'vocabulary, or the same num_options.$',
    ):
        stack_labels(samples, 5, CPU)
