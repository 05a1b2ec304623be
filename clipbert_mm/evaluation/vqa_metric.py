# Copyright (c) clipbert_mm contributors.
"""VQA accuracy: answers that are right to a degree."""

from collections.abc import Sequence

import numpy as np
from mmaction.registry import METRICS

from .answer_metric import (
    Answer,
    Answered,
    AnswerMetric,
    check_numbers,
    mean_by_type,
)


@METRICS.register_module()
class VQAMetric(AnswerMetric):
    """VQA accuracy, percent, overall and by answer type.

    The degree to which the predicted answer is right, its soft target, is
    the official accuracy: the mean over subsets of 9 of the 10 annotators of
    ``min(annotators who gave the answer / 3, 1)``.

    For questions without answers (the test server's) the metric writes
    ``out_file``, in the official format, and measures nothing.

    Args:
        bad_videos (str): What to do when images could not be read:
            ``'raise'`` ends with an error that lists them; ``'wrong'``
            counts their questions as wrong and reports ``num_bad_videos``.
            Defaults to ``'raise'``.
        out_file (str, optional): ``.json`` for a list of ``{"question_id",
            "answer"}``, with the empty answer where the image could not be
            read. Defaults to None.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to ``'cpu'``.

    Raises:
        ValueError: If ``bad_videos`` is unknown, or ``out_file`` does not
            end in ``.json``.

    Example:
        >>> val_evaluator = dict(type='VQAMetric')
    """

    def _predictions(self, sample: dict) -> list[Answer]:
        if 'pred_answers' not in sample:
            raise KeyError(
                f"The data sample of '{sample['video_id']}' has no field "
                "'pred_answers'. VQAMetric measures VQATask."
            )
        check_numbers(sample, sample['answer_scores'])
        return [
            Answer(*pair)
            for pair in zip(
                sample['pred_labels'].tolist(), sample['pred_answers']
            )
        ]

    def _truths(
        self, sample: dict, predictions: Sequence[Answer | None]
    ) -> list[float] | None:
        """The soft target of each prediction: all targets need memory."""
        if 'soft_labels' not in sample:
            return None
        targets = np.asarray(sample['soft_labels'])
        return [
            0.0 if prediction is None else float(row[prediction.label])
            for row, prediction in zip(targets, predictions)
        ]

    def _score(self, questions: Sequence[Answered]) -> dict[str, float]:
        return mean_by_type(
            [q.truth for q in questions], [q.answer_type for q in questions]
        )

    def _entry(self, question: Answered) -> dict:
        answer = question.prediction.text if question.prediction else ''
        return dict(question_id=question.question_id, answer=answer)
