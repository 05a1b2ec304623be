# Copyright (c) clipbert_mm contributors.
"""Output of the model as a task sees it, and targets of a batch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor


class ModelOutput(NamedTuple):
    """Output of the model for N videos with M texts each."""

    video_logits: Tensor  # (N, M, K), unnormalised
    text_states: Tensor | None  # (N, M, C, L, D); None when not needed
    word_embeddings: Tensor  # (vocabulary, D), for the tied MLM decoder


def stack_field(
    data_samples: Sequence[ActionDataSample],
    field: str,
    device: torch.device,
    dtype: torch.dtype = torch.long,
) -> Tensor:
    """Stack one numeric field of all samples.

    Args:
        data_samples (Sequence[ActionDataSample]): The batch.
        field (str): Name of the field; an array of one shape in all samples.
        device (torch.device): Device of the result.
        dtype (torch.dtype): Type of the result. Defaults to int64.

    Returns:
        Tensor: ``(N, ...)``.

    Raises:
        KeyError: If a sample lacks the field.
    """
    for sample in data_samples:
        if field not in sample:
            raise KeyError(
                f"The data sample of '{sample.get('video_id')}' has no field "
                f"'{field}'. Add it to algorithm_keys of PackActionInputs."
            )
    values = np.stack(
        [np.asarray(sample.get(field)) for sample in data_samples]
    )
    return torch.from_numpy(values).to(device, dtype)


def stack_labels(
    data_samples: Sequence[ActionDataSample],
    num_labels: int,
    device: torch.device,
) -> Tensor:
    """Stack ``answer_labels`` of all samples and check their range.

    Args:
        data_samples (Sequence[ActionDataSample]): The batch.
        num_labels (int): Number of labels; valid ones are below it.
        device (torch.device): Device of the result.

    Returns:
        Tensor: int64, ``(N, g)`` for g questions of each sample.

    Raises:
        KeyError: If a sample lacks the field.
        ValueError: If a label is out of range.
    """
    labels = stack_field(data_samples, 'answer_labels', torch.device('cpu'))
    wrong = ((labels < 0) | (labels >= num_labels)).nonzero().tolist()
    if wrong:
        row, question = wrong[0]
        raise ValueError(
            f'Answer labels must be in [0, {num_labels - 1}], but a question '
            f"about '{data_samples[row].get('video_id')}' has the label "
            f'{labels[row, question]}. Give the dataset and the task the same '
            'vocabulary, or the same num_options.'
        )
    return labels.to(device)
