# Copyright (c) clipbert_mm contributors.
"""What a task sees of the model, and how it reads its targets."""
from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor


class ModelOutput(NamedTuple):
    """Output of the model for N videos with M texts each."""

    video_logits: Tensor  # (N, M, K), unnormalised
    text_states: Optional[Tensor]  # (N, M, C, L, D); None when not needed
    word_embeddings: Tensor  # (vocabulary, D), for the tied MLM decoder


def stack_field(data_samples: Sequence[ActionDataSample], field: str,
                device: torch.device) -> Tensor:
    """Stack one integer field of all samples.

    Args:
        data_samples (Sequence[ActionDataSample]): The batch.
        field (str): Name of the field; an integer array of one shape in all
            samples.
        device (torch.device): Of the result.

    Returns:
        Tensor: int64, ``(N, ...)``.

    Raises:
        KeyError: If a sample lacks the field.
    """
    for sample in data_samples:
        if field not in sample:
            raise KeyError(
                f"The data sample of '{sample.get('video_id')}' has no field "
                f"'{field}'. Add it to algorithm_keys of PackActionInputs.")
    values = np.stack(
        [np.asarray(sample.get(field)) for sample in data_samples])
    return torch.from_numpy(values).to(device, torch.long)
