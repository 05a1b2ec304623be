# Copyright (c) clipbert_mm contributors.
"""The answers that a model chooses from, in a file; needs no torch."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from .json_reading import AnnotationError, json_members, read_text
from .record_checks import checked, is_whole_number


def read_vocabulary(source: str | Sequence[str]) -> list[str]:
    """The answers, in the order of their labels.

    Args:
        source (str | Sequence[str]): A JSON file ``{"couch": 0, ...}``, the
            labels being 0 to the number of answers minus 1; or the answers.
            The empty text is an answer as any other (the 3,129 of VQA 2.0
            may have it).

    Returns:
        list[str]: At least one answer, each once.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If the file is not as above; the message starts with
            ``path:line``.
        ValueError: If a given answer is no text, or there twice.

    Example:
        >>> read_vocabulary('msrvtt/qa_vocabulary.json')[:2]
        ['man', 'woman']
    """
    if isinstance(source, str):
        return _read_file(source)
    _check_answers(source)
    return list(source)


def write_vocabulary(path: str, answers: Sequence[str]) -> None:
    """Write answers so that :func:`read_vocabulary` reads them.

    Args:
        path (str): The file; an existing one is replaced.
        answers (Sequence[str]): The answers, in the order of their labels.

    Raises:
        ValueError: If an answer is no text, or there twice.

    Example:
        >>> write_vocabulary('vocabulary.json', ['man', 'woman'])
    """
    _check_answers(answers)
    lines = [
        f'{json.dumps(answer, ensure_ascii=False)}: {label}'
        for label, answer in enumerate(answers)
    ]
    with open(path, 'w', encoding='utf-8') as file:
        file.write('{\n' + ',\n'.join(lines) + '\n}\n')


def build_vocabulary(
    answers: Iterable[str], size: int | None = None, min_count: int = 1
) -> list[str]:
    """The most frequent answers, the most frequent first.

    Args:
        answers (Iterable[str]): The answers of all questions of training.
        size (int, optional): Most answers to keep. Defaults to None, all.
        min_count (int): Answers that occur less often are left out. Defaults
            to 1.

    Returns:
        list[str]: The answers; equally frequent ones in alphabetical order.

    Raises:
        ValueError: If ``size`` or ``min_count`` is below 1, or no answer is
            left.

    Example:
        >>> build_vocabulary(['dog', 'cat', 'two', 'cat'], size=2)
        ['cat', 'dog']
    """
    for name, value in (
        ('size', 1 if size is None else size),
        ('min_count', min_count),
    ):
        if not is_whole_number(value) or value < 1:
            raise ValueError(
                f'{name} must be a whole number >= 1, but got {value!r}.'
            )
    counts = Counter(answers)
    kept = [a for a, count in counts.items() if count >= min_count]
    if not kept:
        raise ValueError(
            f'None of {len(counts)} different answers occurs min_count='
            f'{min_count} times or more. Lower min_count.'
        )
    return sorted(kept, key=lambda a: (-counts[a], a))[:size]


def coverage(answers: Iterable[str], vocabulary: Sequence[str]) -> float:
    """The share of answers that are in a vocabulary.

    Args:
        answers (Iterable[str]): The answers of all questions.
        vocabulary (Sequence[str]): The vocabulary.

    Returns:
        float: From 0 to 1.

    Raises:
        ValueError: If there are no answers.

    Example:
        >>> coverage(['dog', 'cat', 'two', 'cat'], ['cat'])
        0.5
    """
    known = set(vocabulary)
    is_known = [answer in known for answer in answers]
    if not is_known:
        raise ValueError('There are no answers to look up in the vocabulary.')
    return sum(is_known) / len(is_known)


def _read_file(path: str) -> list[str]:
    lines: dict[str, int] = {}
    answers: dict[int, str] = {}
    for line, answer, label in json_members(
        path, read_text(path, 'vocabulary')
    ):
        where = f'{path}:{line}'
        if not isinstance(answer, str):
            raise AnnotationError(
                f'{where}: expected the members {{"answer": label}}, but got '
                f'{label if answer is None else answer!r:.80}.'
            )
        if answer in lines:
            raise AnnotationError(
                f'{where}: the answer {answer!r} was '
                f'already in line {lines[answer]}.'
            )
        checked(
            where,
            label,
            answer,
            'a whole number >= 0, its label',
            lambda v: is_whole_number(v) and v >= 0,
        )
        if label in answers:
            raise AnnotationError(
                f'{where}: the label {label} of {answer!r} was already that '
                f'of {answers[label]!r} in line {lines[answers[label]]}.'
            )
        lines[answer] = line
        answers[label] = answer
    if not answers:
        raise AnnotationError(f'{path}:1: there are no answers in this file.')
    largest = max(answers)
    if largest >= len(answers):
        raise AnnotationError(
            f'{path}:{lines[answers[largest]]}: the labels of {len(answers)} '
            f'answers must be 0 to {len(answers) - 1}, each once, but got '
            f'{largest} for {answers[largest]!r}.'
        )
    return [answers[label] for label in range(len(answers))]


def _check_answers(answers: Sequence[str]) -> None:
    wrong = [answer for answer in answers if not isinstance(answer, str)]
    if wrong or not answers:
        raise ValueError(
            'A vocabulary must be texts, at least one, but got '
            f'{wrong[0] if wrong else answers!r}.'
        )
    answer, count = Counter(answers).most_common(1)[0]
    if count > 1:
        raise ValueError(
            f'A vocabulary must have every answer once, but got '
            f'{answer!r} {count} times.'
        )
