# Copyright (c) clipbert_mm contributors.
"""Question files of several dialects, read strictly."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from clipbert_mm.utils.checks import check_choice

from .errors import AnnotationError
from .foreign import check_foreign
from .json_reading import json_lines
from .json_values import is_integer, is_object, is_text
from .record import Record, RecordId
from .record_ids import unique_ids
from .text_files import read_text

ANSWER_FORMATS = ('open', 'choice', 'count', 'soft')

_MEDIA_KEYS = ('clip_name', 'gif_name', 'video_id', 'image_id')
_ID_KEYS = ('qid', 'question_id', 'key')
# Keys of a format besides those of the medium and the id, and the required
# ones among them. A file for testing may have no answers.
_KEYS = dict(
    open=({'question', 'answer', 'answer_type'}, {'question'}),
    choice=({'question', 'options', 'answer'}, {'options'}),
    count=({'question', 'answer'}, {'question'}),
    soft=({'question', 'labels', 'answer_type'}, {'question'}),
)


class Question(NamedTuple):
    """Question about a video or image.

    ``text`` is empty if the file has no questions (MSRVTT-MC); ``media`` is
    the name as in the file; ``line`` the 1-based line of the file;
    ``answer`` a string, the index of an option or a count; ``options`` is
    empty if there are none; ``answer`` and ``soft_labels`` are None in a file
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
      "answer": 1, "gif_name": "..."}``, where the answer is the 0-based index
      of an option (TGIF-QA action and transition); MSRVTT-MC has no
      ``question``;
    - ``'count'``: ``{"question": "...", "answer": 4, "gif_name": "..."}``;
    - ``'soft'``: ``{"question": "...", "labels": {"down": 1, "at table":
      0.3}, "image_id": "..."}`` (VQA 2.0).

    The key of the medium may be ``clip_name``, ``gif_name``, ``video_id`` or
    ``image_id``, and its value a string or an integer. The id of a question
    is its ``qid``, ``question_id`` or ``key``, else its 0-based row. Lines of
    ``'open'`` and ``'soft'`` may have an ``answer_type``. ``answer``,
    ``labels`` and, for ``'choice'``, ``question`` may be left out of all
    lines alike.

    Args:
        path (str): The file.
        answer_format (str): One of :data:`ANSWER_FORMATS`.

    Returns:
        list[Question]: At least one question.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If ``answer_format`` is unknown.
        AnnotationError: If the file does not follow the format; the message
            starts with ``path:line``, and names the converter of the dataset
            authors' files.

    Example:
        >>> read_questions('qa_test.jsonl', 'open')[0]  # doctest: +SKIP
        Question(text='who plays?', media='video6513', question_id=0, ...)
    """
    check_choice('answer_format', answer_format, ANSWER_FORMATS)
    text = read_text(path, 'ann_file')
    try:
        return _questions(path, text, answer_format)
    except AnnotationError:
        check_foreign(path, text)
        raise


def _questions(path: str, text: str, answer_format: str) -> list[Question]:
    records = list(json_lines(path, text))
    if not records:
        raise AnnotationError(
            f'{path}:1: there are no questions in this file.'
        )
    questions = []
    given = []
    for record in records:
        assert record.line is not None
        media_key, id_key = _check_keys(record, answer_format)
        for key in ('question', 'answer', 'labels'):
            _check_alike(key, record, records[0])
        media = str(record.identifier(media_key))
        own_id = None if id_key is None else record.identifier(id_key)
        given.append((record.line, own_id))
        questions.append(_question(record, answer_format, media, record.line))
    _check_numbers_of_options(path, questions)
    ids = unique_ids(path, 'question id', given)
    return [
        question._replace(question_id=own)
        for question, own in zip(questions, ids, strict=True)
    ]


def _check_keys(record: Record, answer_format: str) -> tuple[str, str | None]:
    """Check the keys and return those of the medium and the id."""
    known, required = _KEYS[answer_format]
    record.check_keys(known.union(_MEDIA_KEYS, _ID_KEYS), required)
    media_keys = [key for key in _MEDIA_KEYS if key in record]
    if len(media_keys) != 1:
        raise record.error(
            f'expected exactly one of the keys {list(_MEDIA_KEYS)}, the '
            f'video or image, but got {media_keys}.'
        )
    id_keys = [key for key in _ID_KEYS if key in record]
    if len(id_keys) > 1:
        raise record.error(
            f'expected at most one of the keys {list(_ID_KEYS)}, but got '
            f'{id_keys}.'
        )
    return media_keys[0], id_keys[0] if id_keys else None


def _check_alike(key: str, record: Record, first: Record) -> None:
    if (key in record) != (key in first):
        raise record.error(
            f'either all lines must have the key {key!r} or none, but line '
            f'{first.line} differs from this one.'
        )


def _question(
    record: Record, answer_format: str, media: str, line: int
) -> Question:
    """Return the question of a record, its id yet to be set."""
    options: tuple[str, ...] = ()
    if answer_format == 'choice':
        options = tuple(
            record.checked(
                'options', 'a list of two or more strings', _are_options
            )
        )
    answer = None
    if 'answer' in record:
        answer = _answer(record, answer_format, len(options))
    has_type = record.values.get('answer_type') is not None
    return Question(
        text=record.text('question') if 'question' in record else '',
        media=media,
        question_id=0,
        line=line,
        answer=answer,
        options=options,
        soft_labels=_soft_labels(record) if 'labels' in record else None,
        answer_type=record.text('answer_type') if has_type else None,
    )


def _answer(record: Record, answer_format: str, num_options: int) -> str | int:
    if answer_format == 'open':
        return record.text('answer')
    if answer_format == 'count':
        return record.integer('answer', least=0)
    return record.checked(
        'answer',
        f'the index of one of the {num_options} options, 0 to '
        f'{num_options - 1}',
        lambda v: is_integer(v) and 0 <= v < num_options,
    )


def _are_options(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) > 1 and all(map(is_text, value))
    )


def _soft_labels(record: Record) -> dict[str, float]:
    """Return the scores of answers; empty if none was frequent enough."""
    labels = record.checked('labels', 'an object {"answer": score}', is_object)
    for answer, score in labels.items():
        if not _is_score(score):
            raise record.error(
                f'"labels" of "{answer}" must be a score in [0, 1], but got '
                f'{score!r}.'
            )
    return {answer: float(score) for answer, score in labels.items()}


def _is_score(value: Any) -> bool:
    is_number = is_integer(value) or isinstance(value, float)
    return is_number and 0 <= value <= 1


def _check_numbers_of_options(
    path: str, questions: Sequence[Question]
) -> None:
    first = questions[0]
    for question in questions:
        if len(question.options) != len(first.options):
            raise AnnotationError(
                f'{path}:{question.line}: all questions must have the same '
                f'number of options, but got {len(question.options)} here '
                f'and {len(first.options)} in line {first.line}.'
            )
