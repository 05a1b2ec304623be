# Copyright (c) clipbert_mm contributors.
"""Questions of a dataset, in a few arrays that workers can share."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from clipbert_mm.annotations.questions import Question
from clipbert_mm.annotations.record import RecordId

from .media_table import MediaTable

UNKNOWN_ANSWER = -1


class QuestionTable(MediaTable):
    """Table of questions, their answers and their media.

    The texts of a question are the question itself or, with options, the
    question followed by each option (only the options if there is no
    question).

    Args:
        questions (Sequence[Question]): Questions, all with or all without
            answers; the index of each is its row.
        vocabulary (Sequence[str] | None): Answers of the model, if answers are
            strings or scores of strings. Defaults to None.

    Example:
        >>> from clipbert_mm.annotations.questions import Question
        >>> question = Question('who plays?', 'v0', 7, 1, 'man', (), None,
        ...                     'who')
        >>> table = QuestionTable([question], ['woman', 'man'])
        >>> table.answer_labels([0]), table.answer_types([0])
        (array([1]), ['who'])
    """

    def __init__(
        self,
        questions: Sequence[Question],
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        super().__init__(
            [question.media for question in questions],
            [text for q in questions for text in _texts(q)],
        )
        self.ids: list[RecordId] = [q.question_id for q in questions]
        self._texts_per_row = max(len(questions[0].options), 1)
        type_inds: dict[str | None, int] = {}
        self._type_of_row = np.array(
            [
                type_inds.setdefault(q.answer_type, len(type_inds))
                for q in questions
            ]
        )
        self._types = list(type_inds)
        label_of = {a: i for i, a in enumerate(vocabulary or ())}
        self._labels: np.ndarray | None = None
        self._scores: csr_matrix | None = None
        if questions[0].answer is not None:
            self._labels = np.array([_label(q, label_of) for q in questions])
        if questions[0].soft_labels is not None:
            self._scores = _score_matrix(questions, label_of)

    def texts_of(self, row: int) -> list[str]:
        """Return the texts of a question."""
        start = row * self._texts_per_row
        return [self.text(start + i) for i in range(self._texts_per_row)]

    def answer_types(self, rows: Sequence[int]) -> list[str | None]:
        """Return the answer types of some questions."""
        return [self._types[self._type_of_row[row]] for row in rows]

    def answer_labels(self, rows: Sequence[int]) -> np.ndarray | None:
        """Return the answers of some questions.

        Args:
            rows (Sequence[int]): Rows of the questions, g of them.

        Returns:
            np.ndarray | None: Class (-1 if not in the vocabulary), index of
            the option, or count: int64 of shape ``(g,)``; None without such
            answers.
        """
        return None if self._labels is None else self._labels[list(rows)]

    def soft_labels(self, rows: Sequence[int]) -> np.ndarray | None:
        """Return the scores of all answers to some questions.

        Args:
            rows (Sequence[int]): Rows of the questions, g of them.

        Returns:
            np.ndarray | None: float32 of shape ``(g, len(vocabulary))``; None
            without scores.
        """
        return (
            None
            if self._scores is None
            else self._scores[list(rows)].toarray()
        )


def _texts(question: Question) -> list[str]:
    if not question.options:
        return [question.text]
    return [
        f'{question.text} {option}' if question.text else option
        for option in question.options
    ]


def _label(question: Question, label_of: dict[str, int]) -> int:
    if isinstance(question.answer, str):
        return label_of.get(question.answer, UNKNOWN_ANSWER)
    assert question.answer is not None
    return question.answer


def _score_matrix(
    questions: Sequence[Question], label_of: dict[str, int]
) -> csr_matrix:
    """Return the scores of questions x vocabulary, other answers left out."""
    ends, labels, scores = [0], [], []
    for question in questions:
        for answer, score in (question.soft_labels or {}).items():
            if answer in label_of:
                labels.append(label_of[answer])
                scores.append(score)
        ends.append(len(labels))
    return csr_matrix(
        (np.array(scores, dtype=np.float32), labels, ends),
        shape=(len(questions), len(label_of)),
    )
