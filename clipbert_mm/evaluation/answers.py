# Copyright (c) clipbert_mm contributors.
"""Answers of a model: their record, their check and their mean score."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Answered:
    """Question with the answer of the model.

    Not a named tuple, which MMEngine would collect as a plain one.
    """

    question_id: int | str
    answer_type: str | None
    prediction: Any  # None if the video could not be read
    truth: Any  # None if the file has no answers


class Answer(NamedTuple):
    """Label that the model chose, and its string if it has one."""

    label: int
    text: str | None


def mean_by_type(
    scores: Sequence[float], types: Sequence[str | None]
) -> dict[str, float]:
    """Return the mean score over all questions and by answer type, percent.

    Args:
        scores (Sequence[float]): Score of each question, in [0, 1].
        types (Sequence[str | None]): Answer type of each question.

    Returns:
        dict[str, float]: ``acc``, and ``acc/<type>`` for every type that
        occurs.

    Example:
        >>> mean_by_type([1, 0], ['what', None])
        {'acc': 50.0, 'acc/what': 100.0}
    """
    groups = defaultdict(list)
    for score, answer_type in zip(scores, types, strict=True):
        groups['acc'].append(score)
        if answer_type is not None:
            groups[f'acc/{answer_type}'].append(score)
    return {
        name: float(100 * np.mean(groups[name])) for name in sorted(groups)
    }


def check_numbers(sample: dict, values: Tensor) -> None:
    """Raise if a prediction is NaN.

    Args:
        sample (dict): Data sample, with ``video_id``.
        values (Tensor): Scores or values of its questions.

    Raises:
        ValueError: If one of them is NaN.
    """
    if torch.isnan(values).any():
        raise ValueError(
            f"The predictions for '{sample['video_id']}' are not numbers "
            '(NaN). Training may have diverged: test an earlier checkpoint.'
        )


def right_labels(sample: dict) -> list[int] | None:
    """Return the right label or count of each question of a sample.

    Args:
        sample (dict): Data sample, with ``answer_labels`` if the questions
            have answers.

    Returns:
        list[int] | None: One per question; None without answers.
    """
    if 'answer_labels' not in sample:
        return None
    return np.asarray(sample['answer_labels']).tolist()
