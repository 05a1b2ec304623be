# Copyright (c) clipbert_mm contributors.
"""Check the members of a record of an annotation file."""

from collections.abc import Callable, Sequence
from typing import Any

from .json_reading import AnnotationError

RecordId = int | str


def check_keys(
    where: str, record: dict, known: set[str], required: set[str]
) -> None:
    """Refuse keys that are unknown or missing.

    Args:
        where (str): ``path:line``, for messages.
        record (dict): The record.
        known (set[str]): All keys that it may have.
        required (set[str]): The keys that it must have.

    Raises:
        AnnotationError: If a key is unknown or missing.
    """
    unknown = sorted(set(record) - known)
    if unknown:
        raise AnnotationError(
            f'{where}: unknown keys {unknown}; known are '
            f'{sorted(known)}. Remove or rename them.'
        )
    missing = sorted(required - set(record))
    if missing:
        raise AnnotationError(
            f'{where}: the keys {missing} are missing; got {sorted(record)}.'
        )


def checked(
    where: str,
    value: Any,
    key: str,
    expected: str,
    is_valid: Callable[[Any], bool],
) -> Any:
    """The value, if it is valid.

    Args:
        where (str): ``path:line``, for messages.
        value (Any): What the record has.
        key (str): Its key.
        expected (str): What it should be, in words.
        is_valid (Callable): Whether it is that.

    Returns:
        Any: ``value``.

    Raises:
        AnnotationError: If it is not valid.

    Example:
        >>> checked('a.jsonl:1', 3, 'answer', 'a whole number',
        ...         is_whole_number)
        3
    """
    if not is_valid(value):
        raise AnnotationError(
            f'{where}: "{key}" must be {expected}, but got {value!r}.'
        )
    return value


def is_text(value: Any) -> bool:
    """Whether a value is a text with more than spaces."""
    return isinstance(value, str) and bool(value.strip())


def is_whole_number(value: Any) -> bool:
    """Whether a value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_of(where: str, value: Any, key: str) -> str:
    """A text that is not empty; see :func:`checked`."""
    return checked(where, value, key, 'a text that is not empty', is_text)


def name_of(where: str, value: Any, key: str) -> str:
    """The name of a video or image; see :func:`checked`."""
    return checked(where, value, key, 'a name that is not empty', is_text)


def id_of(where: str, value: Any, key: str) -> RecordId:
    """A whole number or a text; see :func:`checked`."""
    return checked(
        where,
        value,
        key,
        'a whole number or a text',
        lambda v: is_text(v) or is_whole_number(v),
    )


def unique_ids(
    path: str, key: str, given: Sequence[tuple[int, RecordId | None]]
) -> list[RecordId]:
    """Number the records where no id is given; refuse repeated ones.

    Args:
        path (str): The file, for messages.
        key (str): The key of the ids.
        given (Sequence[tuple[int, int | str | None]]): The line and the id,
            if there is one, of every record.

    Returns:
        list[int | str]: One id per record.

    Raises:
        AnnotationError: If an id is repeated, or only some are missing.

    Example:
        >>> unique_ids('a.jsonl', 'sen_id', [(1, None), (2, None)])
        [0, 1]
    """
    lines: dict[RecordId, int] = {}
    for number, (line, own) in enumerate(given):
        if (own is None) != (given[0][1] is None):
            raise AnnotationError(
                f'{path}:{line}: either all lines have a {key} or none, '
                f'but line {given[0][0]} differs from this one.'
            )
        own = number if own is None else own
        if own in lines:
            raise AnnotationError(
                f'{path}:{line}: {key} {own!r} was already in line '
                f'{lines[own]}. Make it unique, or leave {key} out of all '
                'lines.'
            )
        lines[own] = line
    return list(lines)
