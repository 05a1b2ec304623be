# Copyright (c) clipbert_mm contributors.
"""Error and accuracy of repetition counts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmaction.registry import METRICS

from .answer_metric import AnswerMetric
from .answers import Answered, check_numbers, right_labels


class Count(NamedTuple):
    """Regressed value and the integer it is rounded to."""

    value: float
    number: int


def mean_squared_error(
    values: Sequence[float], truths: Sequence[int]
) -> float:
    """Return the mean squared error, NaN without values.

    Args:
        values (Sequence[float]): Predicted counts.
        truths (Sequence[int]): Right counts.

    Returns:
        float: Mean squared error.

    Example:
        >>> mean_squared_error([2., 5.], [2, 3])
        2.0
    """
    if not values:
        return float('nan')
    return float(np.mean((np.array(values) - np.array(truths)) ** 2))


@METRICS.register_module()
class CountMetric(AnswerMetric):
    """Mean squared error and accuracy of counts (TGIF-QA count).

    ``mse`` is the error of the rounded values, as the literature reports it;
    ``mse_raw`` that of the regressed values; ``acc`` is in percent.

    Args:
        bad_videos (str): Treatment of unreadable videos: ``'raise'`` an error
            that lists them, or count their questions as ``'wrong'`` in
            ``acc``, leave them out of the errors and report
            ``num_bad_videos``. Defaults to ``'raise'``.
        out_file (str | None): ``.json`` file for a list of
            ``{"question_id", "answer"}``, null if the video is unreadable.
            Defaults to None.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to ``'cpu'``.

    Raises:
        ValueError: If ``bad_videos`` is unknown, or ``out_file`` does not
            end in ``.json``.

    Example:
        >>> val_evaluator = dict(type='CountMetric')
    """

    def _predictions(self, sample: dict) -> list[Count]:
        if 'pred_counts' not in sample:
            raise KeyError(
                f"The data sample of '{sample['video_id']}' has no field "
                "'pred_counts'. Use CountMetric with CountTask."
            )
        check_numbers(sample, sample['pred_values'])
        return [
            Count(*pair)
            for pair in zip(
                sample['pred_values'].tolist(),
                sample['pred_counts'].tolist(),
                strict=True,
            )
        ]

    def _truths(
        self, sample: dict, predictions: Sequence[Count | None]
    ) -> list[int] | None:
        return right_labels(sample)

    def _score(self, questions: Sequence[Answered]) -> dict[str, float]:
        read = [q for q in questions if q.prediction is not None]
        truths = [q.truth for q in read]
        hits = sum(q.prediction.number == q.truth for q in read)
        return dict(
            acc=100 * hits / len(questions),
            mse=mean_squared_error(
                [q.prediction.number for q in read], truths
            ),
            mse_raw=mean_squared_error(
                [q.prediction.value for q in read], truths
            ),
        )

    def _entry(self, question: Answered) -> dict:
        count = question.prediction and question.prediction.number
        return dict(question_id=question.question_id, answer=count)
