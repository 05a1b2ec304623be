# Copyright (c) clipbert_mm contributors.
"""Answer vocabulary: the answers that a model chooses from."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from clipbert_mm.utils.checks import check_integer
from clipbert_mm.utils.whole_files import write_whole

from .errors import AnnotationError
from .json_reading import json_members
from .record import Record
from .text_files import read_text


def read_vocabulary(source: str | Sequence[str]) -> list[str]:
    """Return the answers in the order of their labels.

    Args:
        source (str | Sequence[str]): JSON file ``{"couch": 0, ...}`` with the
            labels 0 to the number of answers minus 1; the ``config.json`` of
            a model of transformers, with ``id2label``; or the answers. The
            empty string is a valid answer (the 3,129 of VQA 2.0 may have it).

    Returns:
        list[str]: At least one answer, each once.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If the file does not follow the format; the message
            starts with ``path:line``.
        ValueError: If a given answer is not a string, or occurs twice.

    Example:
        >>> read_vocabulary(['man', 'woman'])
        ['man', 'woman']
    """
    if isinstance(source, str):
        return _read_file(source)
    _check_answers(source)
    return list(source)


def write_vocabulary(path: str, answers: Sequence[str]) -> None:
    """Write answers as :func:`read_vocabulary` reads them.

    Args:
        path (str): The file; an existing one is replaced.
        answers (Sequence[str]): Answers in the order of their labels.

    Raises:
        ValueError: If an answer is not a string, or occurs twice.

    Example:
        >>> write_vocabulary('a.json', ['man', 'woman'])  # doctest: +SKIP
    """
    write_whole(path, vocabulary_text(answers))


def vocabulary_text(answers: Sequence[str]) -> str:
    r"""Return the content of the file of a vocabulary.

    Args:
        answers (Sequence[str]): Answers in the order of their labels.

    Returns:
        str: JSON with a line for each answer.

    Raises:
        ValueError: If an answer is not a string, or occurs twice.

    Example:
        >>> vocabulary_text(['man'])
        '{\n"man": 0\n}\n'
    """
    _check_answers(answers)
    lines = [
        f'{json.dumps(answer, ensure_ascii=False)}: {label}'
        for label, answer in enumerate(answers)
    ]
    return '{\n' + ',\n'.join(lines) + '\n}\n'


def build_vocabulary(
    answers: Iterable[str], size: int | None = None, min_count: int = 1
) -> list[str]:
    """Return the most frequent answers, the most frequent first.

    Args:
        answers (Iterable[str]): Answers of all training questions.
        size (int | None): Maximum number of answers to keep. Defaults to None,
            all.
        min_count (int): Minimum number of occurrences of a kept answer.
            Defaults to 1.

    Returns:
        list[str]: The answers; equally frequent ones in alphabetical order.

    Raises:
        ValueError: If ``size`` or ``min_count`` is below 1, or no answer is
            left.

    Example:
        >>> build_vocabulary(['dog', 'cat', 'two', 'cat'], size=2)
        ['cat', 'dog']
    """
    if size is not None:
        check_integer('size', size, 1)
    check_integer('min_count', min_count, 1)
    counts = Counter(answers)
    kept = [a for a, count in counts.items() if count >= min_count]
    if not kept:
        raise ValueError(
            f'None of {len(counts)} different answers occurs min_count='
            f'{min_count} times or more. Lower min_count.'
        )
    return sorted(kept, key=lambda a: (-counts[a], a))[:size]


def coverage(answers: Iterable[str], vocabulary: Sequence[str]) -> float:
    """Return the fraction of answers that are in a vocabulary.

    Args:
        answers (Iterable[str]): Answers of all questions.
        vocabulary (Sequence[str]): The vocabulary.

    Returns:
        float: Fraction in [0, 1].

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
    text = read_text(path, 'vocabulary')
    for line, answer, value in _labels_of(json_members(path, text)):
        if not isinstance(answer, str):
            raise AnnotationError(
                f'{path}:{line}: expected the members {{"answer": label}}, '
                f'but got {value if answer is None else answer!r:.80}.'
            )
        record = Record(path, line, {answer: value})
        if answer in lines:
            raise record.error(
                f'the answer {answer!r} already occurs in line '
                f'{lines[answer]}.'
            )
        label = record.integer(answer, least=0)
        if label in answers:
            raise record.error(
                f'the label {label} of {answer!r} is already that of '
                f'{answers[label]!r} in line {lines[answers[label]]}.'
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


def _labels_of(
    members: Iterable[tuple[int, str | None, Any]],
) -> list[tuple[int, Any, Any]]:
    """Return the members of a vocabulary, or of a model's ``id2label``."""
    found = list(members)
    for line, name, value in found:
        if name == 'id2label' and isinstance(value, dict):
            return [
                (line, answer, _number(label))
                for label, answer in value.items()
            ]
    return found


def _number(label: str) -> int | str:
    """Return the number that a key of JSON stands for."""
    is_number = label.isascii() and label.isdecimal() and len(label) < 10
    return int(label) if is_number else label[:20]


def _check_answers(answers: Sequence[str]) -> None:
    wrong = [answer for answer in answers if not isinstance(answer, str)]
    if wrong or not answers:
        raise ValueError(
            'A vocabulary must be one or more strings, but got '
            f'{wrong[0] if wrong else answers!r}.'
        )
    answer, count = Counter(answers).most_common(1)[0]
    if count > 1:
        raise ValueError(
            'A vocabulary must have every answer once, but got '
            f'{answer!r} {count} times.'
        )
