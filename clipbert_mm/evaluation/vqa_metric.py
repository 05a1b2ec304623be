# Copyright (c) clipbert_mm contributors.
"""VQA accuracy, with partly right answers."""

from collections.abc import Sequence

import numpy as np
from mmaction.registry import METRICS

from .answer_metric import AnswerMetric
from .answers import Answer, Answered, check_numbers, mean_by_type


@METRICS.register_module()
class VQAMetric(AnswerMetric):
    """VQA accuracy in percent, overall and by answer type.

    The score of a predicted answer is its soft target, which is the official
    accuracy: the mean over subsets of 9 of the 10 annotators of
    ``min(annotators who gave the answer / 3, 1)``.

    For questions without answers (those of the test server) the metric writes
    ``out_file`` in the official format and measures nothing.

    Args:
        bad_videos (str): Treatment of unreadable images: ``'raise'`` an error
            that lists them, or count their questions as ``'wrong'`` and
            report ``num_bad_videos``. Defaults to ``'raise'``.
        out_file (str | None): ``.json`` file for a list of
            ``{"question_id", "answer"}``, with an empty answer if the image
            is unreadable. Defaults to None.
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
                "'pred_answers'. Use VQAMetric with VQATask."
            )
        check_numbers(sample, sample['answer_scores'])
        return [
            Answer(*pair)
            for pair in zip(
                sample['pred_labels'].tolist(),
                sample['pred_answers'],
                strict=True,
            )
        ]

    def _truths(
        self, sample: dict, predictions: Sequence[Answer | None]
    ) -> list[float] | None:
        """Return the soft target of each prediction, to save memory."""
        if 'soft_labels' not in sample:
            return None
        targets = np.asarray(sample['soft_labels'])
        return [
            0.0 if prediction is None else float(row[prediction.label])
            for row, prediction in zip(targets, predictions, strict=True)
        ]

    def _score(self, questions: Sequence[Answered]) -> dict[str, float]:
        return mean_by_type(
            [q.truth for q in questions], [q.answer_type for q in questions]
        )

    def _entry(self, question: Answered) -> dict:
        answer = question.prediction.text if question.prediction else ''
        return dict(question_id=question.question_id, answer=answer)
