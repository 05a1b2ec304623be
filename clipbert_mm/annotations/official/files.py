# Copyright (c) clipbert_mm contributors.
"""Read official annotation files; every error names the file and place."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_NOUNS = {str: 'a text', int: 'a whole number', list: 'a list'}


class ConversionError(ValueError):
    """An official file, or a set of them, that cannot be converted."""


class Record(NamedTuple):
    """One record of a file; ``where`` is how messages name its place."""

    where: str
    values: dict[str, Any]

    def text(self, key: str, allow_blank: bool = False) -> str:
        """The text of a key.

        Args:
            key (str): The key.
            allow_blank (bool): Whether spaces alone are a text, too. Defaults
                to False.

        Raises:
            ConversionError: If there is none.
        """
        value = self._value(key, str)
        if not allow_blank and not value.strip():
            raise ConversionError(
                f'{self.where}: "{key}" must not be empty, but got {value!r}.'
            )
        return value

    def whole(self, key: str, digits: bool = False) -> int:
        """The whole number of a key.

        Args:
            key (str): The key.
            digits (bool): Whether the number is written as a text, as in all
                tables. Defaults to False.

        Raises:
            ConversionError: If there is none.
        """
        value = self._value(key, str if digits else int)
        try:
            return int(value)
        except ValueError as error:
            raise ConversionError(
                f'{self.where}: "{key}" must be a whole '
                f'number, but got {value!r}.'
            ) from error

    def items(self, key: str, kind: type) -> list:
        """The list of a key, whose members are all of one kind.

        Raises:
            ConversionError: If there is none.
        """
        values = self._value(key, list)
        for i, value in enumerate(values):
            if not _is(value, kind):
                raise ConversionError(
                    f'{self.where}: "{key}"[{i}] must be {_NOUNS[kind]}, but '
                    f'got {value!r:.80}.'
                )
        return values

    def records(self, key: str, allow_empty: bool = False) -> list['Record']:
        """The records in the list of a key.

        Args:
            key (str): The key.
            allow_empty (bool): Whether there may be none. Defaults to False.

        Raises:
            ConversionError: If there is no such list, or it is empty.
        """
        found = [
            _record(f'{self.where}: {key}[{i}]', value)
            for i, value in enumerate(self._value(key, list))
        ]
        if not found and not allow_empty:
            raise ConversionError(f'{self.where}: "{key}" is empty.')
        return found

    def _value(self, key: str, kind: type) -> Any:
        if key not in self.values:
            raise ConversionError(
                f'{self.where}: "{key}" is missing; got '
                f'{sorted(self.values)}. Is this the right file?'
            )
        value = self.values[key]
        if not _is(value, kind):
            raise ConversionError(
                f'{self.where}: "{key}" must be '
                f'{_NOUNS[kind]}, but got {value!r:.80}.'
            )
        return value


def read_object(path: str) -> Record:
    """Read a JSON file that is one object, such as ``{"videos": [...]}``.

    Args:
        path (str): The file.

    Returns:
        Record: The object.

    Raises:
        ConversionError: If the file is missing, or not such JSON.
    """
    return Record(path, dict(read_mapping(path)))


def read_mapping(path: str) -> Iterator[tuple[str, Any]]:
    """Read a JSON file that is one object, member by member.

    Args:
        path (str): The file.

    Yields:
        tuple[str, Any]: A key, which is there only once, and its value.

    Raises:
        ConversionError: If the file is missing, or not such JSON.
    """
    seen = set()
    for key, value in _members(path):
        if key is None:
            raise ConversionError(
                f'{path}: expected an object {{...}}, but '
                'got a list. Is this the right file?'
            )
        if key in seen:
            raise ConversionError(f'{path}: {key!r} is there twice.')
        seen.add(key)
        yield key, value


def read_list(path: str) -> Iterator[Record]:
    """Read a JSON file that is a list of records, one by one.

    Only the text of the file is in memory at once, not all the records.

    Args:
        path (str): The file.

    Yields:
        Record: A record.

    Raises:
        ConversionError: If the file is missing, or not such JSON.
    """
    for i, (key, value) in enumerate(_members(path)):
        if key is not None:
            raise ConversionError(
                f'{path}: expected a list [...], but got an object with '
                f'{key!r}. Is this the right file?'
            )
        yield _record(f'{path}: record[{i}]', value)


def read_table(
    path: str, columns: Sequence[str], delimiter: str
) -> Iterator[Record]:
    """Read a table whose first line names its columns.

    Args:
        path (str): The file.
        columns (Sequence[str]): Columns that it must have.
        delimiter (str): What stands between two columns.

    Yields:
        Record: A line; all its values are texts.

    Raises:
        ConversionError: If the file is missing, or not such a table.
    """
    rows = _table_rows(path, delimiter)
    line, header = next(rows, (1, []))
    missing = [column for column in columns if column not in header]
    if missing:
        raise ConversionError(
            f'{path}:{line}: the columns {missing} are '
            f'missing; got {header!r:.200}.'
        )
    empty = True
    for line, row in rows:
        if len(row) != len(header):
            raise ConversionError(
                f'{path}:{line}: expected {len(header)} '
                f'columns, but got {len(row)}: {row!r:.200}'
            )
        empty = False
        yield Record(f'{path}:{line}', dict(zip(header, row)))
    if empty:
        raise ConversionError(f'{path}:{line}: there are no lines below this.')


def _table_rows(path: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, with their lines."""
    reader = csv.reader(io.StringIO(_read(path)), delimiter=delimiter)
    line = 0
    try:
        for row in reader:
            if reader.line_num > line + 1:
                raise ConversionError(
                    f'{path}:{line + 1}: a quotation mark opens a field that '
                    f'ends in line {reader.line_num} only: {row!r:.200}'
                )
            line = reader.line_num
            if row:
                yield line, row
    except csv.Error as error:
        raise ConversionError(f'{path}:{reader.line_num}: {error}.') from error


def _members(path: str) -> Iterator[tuple[str | None, Any]]:
    """The members of a JSON list or object; at least one."""
    # Here, as it imports torch, and --help should not.
    from clipbert_mm.annotations.json_reading import (
        AnnotationError,
        json_members,
    )

    empty = True
    try:
        for _, key, value in json_members(path, _read(path)):
            empty = False
            yield key, value
    except AnnotationError as error:
        raise ConversionError(str(error)) from error
    if empty:
        raise ConversionError(f'{path}: there are no records in this file.')


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding='utf-8-sig')
    except FileNotFoundError as error:
        raise ConversionError(f'There is no file {path!r}.') from error
    except UnicodeDecodeError as error:
        raise ConversionError(
            f'{path}: this is not a text file in UTF-8: {error}.'
        ) from error


def _record(where: str, value: Any) -> Record:
    if not isinstance(value, dict):
        raise ConversionError(
            f'{where}: expected an object {{...}}, but got {value!r:.80}.'
        )
    return Record(where, value)


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not (
        kind is int and isinstance(value, bool)
    )
