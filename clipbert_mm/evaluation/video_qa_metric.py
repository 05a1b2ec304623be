# Copyright (c) clipbert_mm contributors.
"""Accuracy of open-ended and multiple-choice answers."""

from collections.abc import Sequence

import numpy as np
from mmaction.registry import METRICS

from .answer_metric import AnswerMetric
from .answers import (
    Answer,
    Answered,
    check_numbers,
    mean_by_type,
    right_labels,
)


def qa_accuracy(
    labels: Sequence[int | None],
    truths: Sequence[int],
    types: Sequence[str | None],
) -> dict[str, float]:
    """Return the accuracy over all questions and by answer type, percent.

    Args:
        labels (Sequence[int | None]): Predicted labels; None counts as wrong.
        truths (Sequence[int]): Right labels; -1, an answer outside the
            vocabulary, is never predicted.
        types (Sequence[str | None]): Answer types.

    Returns:
        dict[str, float]: ``acc``, ``acc/<type>``, and ``unanswerable``, the
        percentage of answers outside the vocabulary, if there are any.

    Example:
        >>> qa_accuracy([0, 2], [0, -1], ['what', 'what'])
        {'acc': 50.0, 'acc/what': 50.0, 'unanswerable': 50.0}
    """
    metrics = mean_by_type(
        [
            label is not None and label == truth
            for label, truth in zip(labels, truths, strict=True)
        ],
        types,
    )
    outside = float(100 * np.mean(np.array(truths) < 0))
    if outside:
        metrics['unanswerable'] = outside
    return metrics


@METRICS.register_module()
class VideoQAMetric(AnswerMetric):
    """Accuracy of open-ended and multiple-choice question answering.

    As in the tables of `ClipBERT <https://arxiv.org/abs/2102.06183>`_, and
    by answer type (``what``, ``color``, ...) if the questions have one.
    An answer of the test set outside the vocabulary counts as wrong. A
    retrieval model chooses the option with the highest match score
    (MSRVTT-MC).

    Args:
        bad_videos (str): Treatment of unreadable videos: ``'raise'`` an error
            that lists them, or count their questions as ``'wrong'`` and
            report ``num_bad_videos``. Defaults to ``'raise'``.
        out_file (str | None): ``.json`` file for a list of
            ``{"question_id", "answer"}``, or ``"label"`` if the labels are
            options. The answer is null if the video is unreadable. Defaults
            to None.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to ``'cpu'``.

    Raises:
        ValueError: If ``bad_videos`` is unknown, or ``out_file`` does not
            end in ``.json``.

    Example:
        >>> val_evaluator = dict(type='VideoQAMetric')
    """

    def _predictions(self, sample: dict) -> list[Answer]:
        count = len(sample['question_ids'])
        if 'pred_labels' in sample:
            check_numbers(sample, sample['answer_scores'])
            labels = sample['pred_labels'].tolist()
        elif 'match_score' in sample:
            check_numbers(sample, sample['match_score'])
            labels = sample['match_score'].view(count, -1).argmax(-1).tolist()
        else:
            raise KeyError(
                f"The data sample of '{sample['video_id']}' has neither "
                "'pred_labels' nor 'match_score'. Use VideoQAMetric with "
                'OpenEndedQATask, MultipleChoiceTask or RetrievalTask.'
            )
        texts = sample.get('pred_answers') or [None] * count
        return [Answer(*pair) for pair in zip(labels, texts, strict=True)]

    def _truths(
        self, sample: dict, predictions: Sequence[Answer | None]
    ) -> list[int] | None:
        return right_labels(sample)

    def _score(self, questions: Sequence[Answered]) -> dict[str, float]:
        return qa_accuracy(
            [q.prediction and q.prediction.label for q in questions],
            [q.truth for q in questions],
            [q.answer_type for q in questions],
        )

    def _entry(self, question: Answered) -> dict:
        entry = dict(question_id=question.question_id)
        if question.prediction is None:
            return dict(entry, answer=None)
        label, text = question.prediction
        return (
            dict(entry, label=label)
            if text is None
            else dict(entry, answer=text)
        )
