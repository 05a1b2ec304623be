# Copyright (c) clipbert_mm contributors.
"""Ids of records, each of which must be unique in its file."""

from collections.abc import Sequence

from .errors import AnnotationError
from .record import RecordId


def unique_ids(
    path: str, key: str, given: Sequence[tuple[int, RecordId | None]]
) -> list[RecordId]:
    """Number the records if no ids are given; refuse repeated ids.

    Args:
        path (str): The file, for messages.
        key (str): Key of the ids, for messages.
        given (Sequence[tuple[int, RecordId | None]]): Line and id of every
            record; None if a record has no id.

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
                f'{path}:{line}: either all lines must have a {key} or none, '
                f'but line {given[0][0]} differs from this one.'
            )
        own = number if own is None else own
        if own in lines:
            raise AnnotationError(
                f'{path}:{line}: {key} {own!r} already occurs in line '
                f'{lines[own]}. Make it unique, or leave {key} out of all '
                'lines.'
            )
        lines[own] = line
    return list(lines)
