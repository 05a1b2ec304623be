# Copyright (c) clipbert_mm contributors.
"""Accuracies of answers, and of guessing without looking at the videos."""

from collections import Counter, defaultdict

from clipbert_mm.quickstart.corpus.choices import NUM_OPTIONS
from clipbert_mm.quickstart.corpus.wordings import question_type


def given_answers(questions: list[dict], saved: list[dict]) -> list:
    """Return the answers of the model in the order of the questions.

    Args:
        questions (list[dict]): Rows of the test file.
        saved (list[dict]): Rows that ``VideoQAMetric`` wrote; the id of a
            question is its row.

    Returns:
        list: Strings, or indices of options.

    Example:
        >>> questions = [dict(question='what colour is the ring')]
        >>> given_answers(questions, [dict(question_id=0, answer='red')])
        ['red']
    """
    by_id = {row['question_id']: row for row in saved}
    key = 'label' if 'options' in questions[0] else 'answer'
    return [by_id[row][key] for row in range(len(questions))]


def guesses(known: list[dict], questions: list[dict]) -> list[str | None]:
    """Return the most frequent answer to each question's type.

    Args:
        known (list[dict]): Questions of training, with their answers.
        questions (list[dict]): Questions of the test.

    Returns:
        list[str | None]: None where there are options, for all are equally
        frequent.
    """
    if 'options' in questions[0]:
        return [None] * len(questions)
    counts: dict[str, Counter] = defaultdict(Counter)
    for row in known:
        counts[question_type(row['question'])][row['answer']] += 1
    return [
        counts[question_type(row['question'])].most_common(1)[0][0]
        for row in questions
    ]


def accuracies(questions: list[dict], answers: list) -> dict[str, float]:
    """Return the accuracy over all questions and over each type.

    Args:
        questions (list[dict]): Questions of the test, with right answers.
        answers (list): Answer to each; None stands for a random option.

    Returns:
        dict[str, float]: Percent, under ``'all'`` and the names of types.

    Example:
        >>> row = dict(question='how many red figures do you see',
        ...            answer='two')
        >>> accuracies([row, row], ['two', 'one'])
        {'all': 50.0, 'number': 50.0}
    """
    hits = defaultdict(list)
    for row, answer in zip(questions, answers):
        hit = 1 / NUM_OPTIONS if answer is None else answer == row['answer']
        hits['all'].append(hit)
        hits[question_type(row['question'])].append(hit)
    return {name: 100 * sum(row) / len(row) for name, row in hits.items()}
