# Copyright (c) clipbert_mm contributors.
"""Record of an annotation file: its members, its file and its line."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from .errors import AnnotationError
from .json_values import (
    is_identifier,
    is_integer,
    is_object,
    is_string,
    is_text,
)

RecordId = int | str

# int() also takes spaces, underscores and digits of other scripts, and fails
# beyond 4,300 digits.
_DIGITS = re.compile(r'-?[0-9]{1,18}')
_NOUNS = {str: 'a string', int: 'an integer', list: 'a list'}


@dataclass(frozen=True, slots=True)
class Record:
    """JSON object or table row that knows where it stands.

    Every method that returns a member raises an ``AnnotationError`` with file
    and line if the member is missing or not of the expected kind.

    Args:
        path (str): The file.
        line (int | None): Line of the record, from 1 on; None if the
            record is the whole file.
        values (dict[str, Any]): Its members.
        part (str): Place within the line, such as ``'videos[3]'``. Defaults
            to ``''``, the whole line.

    Example:
        >>> record = Record('a.jsonl', 3, {'caption': 'a dog', 'sen_id': 7})
        >>> record.text('caption'), record.identifier('sen_id'), record.where
        ('a dog', 7, 'a.jsonl:3')
    """

    path: str
    line: int | None
    values: dict[str, Any]
    part: str = ''

    @property
    def where(self) -> str:
        """Place of the record, as messages name it."""
        place = self.path if self.line is None else f'{self.path}:{self.line}'
        return f'{place}: {self.part}' if self.part else place

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def error(self, reason: str) -> AnnotationError:
        """Return the error to raise about this record."""
        return AnnotationError(f'{self.where}: {reason}')

    def check_keys(
        self, known: Collection[str], required: Collection[str]
    ) -> None:
        """Raise unless all keys are known and all required ones are given.

        Args:
            known (Collection[str]): Keys that the record may have.
            required (Collection[str]): Keys that it must have.

        Raises:
            AnnotationError: If a key is unknown or missing.
        """
        unknown = sorted(self.values.keys() - known)
        if unknown:
            raise self.error(
                f'unknown keys {unknown}; known are {sorted(known)}. Remove '
                'or rename them.'
            )
        missing = sorted(set(required) - self.values.keys())
        if missing:
            raise self.error(
                f'the keys {missing} are missing; got {sorted(self.values)}.'
            )

    def checked(
        self, key: str, expected: str, is_valid: Callable[[Any], bool]
    ) -> Any:
        """Return a member if it is valid.

        Args:
            key (str): The key.
            expected (str): Description of valid values.
            is_valid (Callable[[Any], bool]): Test of a value.

        Returns:
            Any: The member.

        Raises:
            AnnotationError: If it is missing or not valid.

        Example:
            >>> record = Record('a.jsonl', 3, {'labels': {'dog': 0.3}})
            >>> record.checked('labels', 'an object', is_object)
            {'dog': 0.3}
        """
        if key not in self.values:
            raise self.error(
                f'"{key}" is missing; got {sorted(self.values)}. Check that '
                'this is the right file.'
            )
        value = self.values[key]
        if not is_valid(value):
            raise self.error(f'"{key}" must be {expected}, but got {value!r}.')
        return value

    def text(self, key: str, allow_blank: bool = False) -> str:
        """Return a member that is a string.

        Args:
            key (str): The key.
            allow_blank (bool): Whether it may be empty or only spaces.
                Defaults to False.

        Returns:
            str: The member.
        """
        if allow_blank:
            return self.checked(key, 'a string', is_string)
        return self.checked(key, 'a non-empty string', is_text)

    def integer(
        self,
        key: str,
        least: int | None = None,
        most: int | None = None,
        digits: bool = False,
    ) -> int:
        """Return a member that is an integer.

        Args:
            key (str): The key.
            least (int | None): Smallest valid value. Defaults to None, any.
            most (int | None): Largest valid value, with ``least``. Defaults to
                None, any.
            digits (bool): Whether it is written as a string, as in tables.
                Defaults to False.

        Returns:
            int: The member.
        """
        expected = _NOUNS[int]
        if most is not None:
            expected += f' in [{least}, {most}]'
        elif least is not None:
            expected += f' >= {least}'

        def is_valid(value: Any) -> bool:
            number = _from_digits(value) if digits else value
            return is_integer(number) and (
                (least is None or least <= number)
                and (most is None or number <= most)
            )

        return int(self.checked(key, expected, is_valid))

    def identifier(self, key: str) -> RecordId:
        """Return a member that is an integer or a non-empty string."""
        return self.checked(
            key, 'an integer or a non-empty string', is_identifier
        )

    def items(self, key: str, kind: type | None = None) -> list[Any]:
        """Return a member that is a list.

        Args:
            key (str): The key.
            kind (type | None): Type of all its elements: str, int or list.
                Defaults to None, any.

        Returns:
            list: The member.
        """
        values = self.checked(
            key, _NOUNS[list], lambda value: isinstance(value, list)
        )
        for i, value in enumerate(values):
            if kind is not None and not _is(value, kind):
                raise self.error(
                    f'"{key}"[{i}] must be {_NOUNS[kind]}, but got '
                    f'{value!r:.80}.'
                )
        return values

    def texts(self, key: str) -> list[str]:
        """Return a member that is a list of non-empty strings."""
        values = self.items(key)
        for i, value in enumerate(values):
            if not is_text(value):
                raise self.error(
                    f'"{key}"[{i}] must be a non-empty string, but got '
                    f'{value!r:.80}.'
                )
        return values

    def records(self, key: str, allow_empty: bool = False) -> list['Record']:
        """Return the records in a member that is a list.

        Args:
            key (str): The key.
            allow_empty (bool): Whether the list may be empty. Defaults to
                False.

        Returns:
            list[Record]: One record per element, which knows its index.
        """
        prefix = f'{self.part}: ' if self.part else ''
        found = [
            to_record(self.path, self.line, value, f'{prefix}{key}[{i}]')
            for i, value in enumerate(self.items(key))
        ]
        if not found and not allow_empty:
            raise self.error(f'"{key}" must not be empty.')
        return found


def to_record(
    path: str, line: int | None, value: Any, part: str = ''
) -> Record:
    """Return a JSON value as a record.

    Args:
        path (str): The file.
        line (int | None): Line of the value.
        value (Any): A JSON object.
        part (str): Place within the line. Defaults to ``''``.

    Returns:
        Record: The record.

    Raises:
        AnnotationError: If the value is not an object.

    Example:
        >>> to_record('a.jsonl', 1, {'sen_id': 3}).values
        {'sen_id': 3}
    """
    if not is_object(value):
        raise Record(path, line, {}, part).error(
            'expected a JSON object, {"key": value, ...}, but got '
            f'{value!r:.80}.'
        )
    return Record(path, line, value, part)


def _is(value: Any, kind: type) -> bool:
    return is_integer(value) if kind is int else isinstance(value, kind)


def _from_digits(value: Any) -> Any:
    """Return the integer that a string spells, or None."""
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        return None
    return int(value)
