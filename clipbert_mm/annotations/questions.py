# Copyright (c) clipbert_mm contributors.
"""Read question files of several dialects, strictly; needs no torch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .json_reading import AnnotationError, json_lines, read_text
from .record_checks import (
    RecordId,
    check_keys,
    checked,
    id_of,
    is_text,
    is_whole_number,
    text_of,
    unique_ids,
)

ANSWER_FORMATS = ('open', 'choice', 'count', 'soft')

_MEDIA_KEYS = ('clip_name', 'gif_name', 'video_id', 'image_id')
_ID_KEYS = ('qid', 'question_id', 'key')
# The keys of a format besides those of the medium and the id, and which of
# them a line must have. Answers may be missing in a file for testing.
_KEYS = dict(
    open=({'question', 'answer', 'answer_type'}, {'question'}),
    choice=({'question', 'options', 'answer'}, {'options'}),
    count=({'question', 'answer'}, {'question'}),
    soft=({'question', 'labels', 'answer_type'}, {'question'}),
)


class Question(NamedTuple):
    """One question about one video or image.

    ``text`` is empty where a file has no questions (MSRVTT-MC); ``media`` is
    the name as in the file; ``line`` the 1-based line of the file;
    ``answer`` a text, the place of an option or a count; ``options`` is empty
    where there are none; ``answer`` and ``soft_labels`` are None in a file
    without answers.
    """

    text: str
    media: str
    question_id: RecordId
    line: int
    answer: str | int | None
    options: tuple[str, ...]
    soft_labels: dict[str, float] | None
    answer_type: str | None


def read_questions(path: str, answer_format: str) -> list[Question]:
    r"""Read the questions of a file of JSON lines, in file order.

    - ``'open'``: ``{"question": "...", "answer": "couch", "video_id":
      "video6513"}`` (MSRVTT-QA, TGIF-QA FrameQA);
    - ``'choice'``: ``{"question": "...", "options": ["...", "..."],
      "answer": 1, "gif_name": "..."}``, the answer being the 0-based place of
      an option (TGIF-QA action and transition); MSRVTT-MC has no
      ``question``;
    - ``'count'``: ``{"question": "...", "answer": 4, "gif_name": "..."}``;
    - ``'soft'``: ``{"question": "...", "labels": {"down": 1, "at table":
      0.3}, "image_id": "..."}`` (VQA 2.0).

    The medium's key may be ``clip_name``, ``gif_name``, ``video_id`` or
    ``image_id``, and its value a text or a whole number. The id of a question
    is its ``qid``, ``question_id`` or ``key``, else its 0-based row. Lines of
    ``'open'`` and ``'soft'`` may have an ``answer_type``. ``answer``,
    ``labels`` and, for ``'choice'``, ``question`` may be left out, of all
    lines alike.

    Args:
        path (str): The file.
        answer_format (str): One of :data:`ANSWER_FORMATS`.

    Returns:
        list[Question]: At least one question.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If ``answer_format`` is unknown.
        AnnotationError: If anything in the file is not as above; the message
            starts with ``path:line``.

    Example:
        >>> read_questions('msrvtt/qa_test.jsonl', 'open')[0].answer
        'couch'
    """
    if answer_format not in ANSWER_FORMATS:
        raise ValueError(
            f'Unknown answer_format {answer_format!r}. Valid '
            f'ones are {list(ANSWER_FORMATS)}.'
        )
    lines = list(json_lines(path, read_text(path, 'ann_file')))
    if not lines:
        raise AnnotationError(
            f'{path}:1: there are no questions in this file.'
        )
    questions = []
    given = []
    for line, record in lines:
        where = f'{path}:{line}'
        media_key, id_key = _check_record(where, record, answer_format)
        for key in ('question', 'answer', 'labels'):
            _check_alike(where, key, record, lines[0])
        media = id_of(where, record[media_key], media_key)
        given.append(
            (
                line,
                None
                if id_key is None
                else id_of(where, record[id_key], id_key),
            )
        )
        questions.append(
            _question(where, record, answer_format, str(media), line)
        )
    _check_numbers_of_options(path, questions)
    ids = unique_ids(path, 'question id', given)
    return [q._replace(question_id=own) for q, own in zip(questions, ids)]


def _check_record(
    where: str, record: dict, answer_format: str
) -> tuple[str, str | None]:
    """Check the keys; returns those of the medium and the id."""
    known, required = _KEYS[answer_format]
    check_keys(where, record, known.union(_MEDIA_KEYS, _ID_KEYS), required)
    media_keys = [key for key in _MEDIA_KEYS if key in record]
    if len(media_keys) != 1:
        raise AnnotationError(
            f'{where}: expected exactly one of the keys {list(_MEDIA_KEYS)}, '
            f'the video or image, but got {media_keys}.'
        )
    id_keys = [key for key in _ID_KEYS if key in record]
    if len(id_keys) > 1:
        raise AnnotationError(
            f'{where}: expected at most one of the keys {list(_ID_KEYS)}, but '
            f'got {id_keys}.'
        )
    return media_keys[0], id_keys[0] if id_keys else None


def _check_alike(
    where: str, key: str, record: dict, first: tuple[int, dict]
) -> None:
    if (key in record) != (key in first[1]):
        raise AnnotationError(
            f'{where}: either all lines have the key {key!r} or none, but '
            f'line {first[0]} differs from this one.'
        )


def _question(
    where: str, record: dict, answer_format: str, media: str, line: int
) -> Question:
    """Check the values; the id is set later."""
    options: tuple[str, ...] = ()
    if answer_format == 'choice':
        options = _options(where, record['options'])
    labels = record.get('labels')
    answer_type = record.get('answer_type')
    return Question(
        text=text_of(where, record['question'], 'question')
        if 'question' in record
        else '',
        media=media,
        question_id=0,
        line=line,
        answer=_answer(where, record['answer'], answer_format, len(options))
        if 'answer' in record
        else None,
        options=options,
        soft_labels=_soft_labels(where, labels)
        if 'labels' in record
        else None,
        answer_type=None
        if answer_type is None
        else text_of(where, answer_type, 'answer_type'),
    )


def _answer(
    where: str, value: Any, answer_format: str, num_options: int
) -> str | int:
    if answer_format == 'open':
        return text_of(where, value, 'answer')
    if answer_format == 'count':
        return checked(
            where,
            value,
            'answer',
            'a whole number >= 0',
            lambda v: is_whole_number(v) and v >= 0,
        )
    return checked(
        where,
        value,
        'answer',
        'the place of one of the '
        f'{num_options} options, 0 to {num_options - 1}',
        lambda v: is_whole_number(v) and 0 <= v < num_options,
    )


def _options(where: str, value: Any) -> tuple[str, ...]:
    checked(
        where,
        value,
        'options',
        'a list of two texts or more',
        lambda v: isinstance(v, list) and len(v) > 1 and all(map(is_text, v)),
    )
    return tuple(value)


def _soft_labels(where: str, value: Any) -> dict[str, float]:
    """Scores of answers; none at all where no answer was frequent enough."""
    checked(
        where,
        value,
        'labels',
        'an object {"answer": score}',
        lambda v: isinstance(v, dict),
    )
    for answer, score in value.items():
        checked(
            where,
            score,
            f'labels" of "{answer}',
            'a score from 0 to 1',
            _is_score,
        )
    return {answer: float(score) for answer, score in value.items()}


def _is_score(value: Any) -> bool:
    is_number = is_whole_number(value) or isinstance(value, float)
    return is_number and 0 <= value <= 1


def _check_numbers_of_options(
    path: str, questions: Sequence[Question]
) -> None:
    first = questions[0]
    for question in questions:
        if len(question.options) != len(first.options):
            raise AnnotationError(
                f'{path}:{question.line}: all questions must have equally '
                f'many options, but got {len(question.options)} here and '
                f'{len(first.options)} in line {first.line}.'
            )
