# Copyright (c) clipbert_mm contributors.
"""Soft labels of VQA 2.0, from the answers of ten annotators."""

from collections import Counter
from functools import cache

from clipbert_mm.annotations.record import Record

from .answer_normalisation import normalise

NUM_ANNOTATORS = 10
# The official accuracy of an answer by the number of annotators who gave it,
# min(n / 3, 1) averaged over all choices of 9 annotators of the 10.
SCORES = {1: 0.3, 2: 0.6, 3: 0.9}


def soft_labels(record: Record) -> dict[str, float]:
    """Return the score of each answer that an annotator gave.

    Args:
        record (Record): Annotation of a question, with ``answers``.

    Returns:
        dict[str, float]: Scores in [0, 1] of the normalised answers.

    Raises:
        AnnotationError: If there are not ten answers.
    """
    given = record.records('answers')
    if len(given) != NUM_ANNOTATORS:
        raise record.error(
            f'expected {NUM_ANNOTATORS} answers, but got {len(given)}. Fix or '
            'remove this annotation and its question.'
        )
    numbers = Counter(
        plain(answer.text('answer', allow_blank=True)) for answer in given
    )
    return {
        answer: SCORES.get(number, 1.0) for answer, number in numbers.items()
    }


@cache  # millions of answers, most of them alike
def plain(answer: str) -> str:
    """Return the normalised answer, which is never empty.

    The letter A, the article and bare punctuation share the empty normalised
    form. As "a" they are one class that can be displayed.
    """
    return normalise(answer) or 'a'
