# Copyright (c) clipbert_mm contributors.
"""Official annotation files, read as records that know their place."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.json_reading import json_members
from clipbert_mm.annotations.record import Record, to_record
from clipbert_mm.annotations.text_files import read_text


def read_object(path: str) -> Record:
    """Read a JSON file that is one object, such as ``{"videos": [...]}``.

    Args:
        path (str): The file.

    Returns:
        Record: The object.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is not such JSON.
    """
    values = {key: value for _, key, value in _object_members(path)}
    return Record(path, None, values)


def read_mapping(path: str) -> Iterator[tuple[str, Record]]:
    """Read a JSON file that is one object of records, one by one.

    Args:
        path (str): The file.

    Yields:
        tuple[str, Record]: Key, unique in the file, and record.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is not such JSON.
    """
    for line, key, value in _object_members(path):
        yield key, to_record(path, line, value, repr(key))


def read_list(path: str) -> Iterator[Record]:
    """Read a JSON file that is a list of records, one by one.

    Only the text of the file is in memory at once, not all the records.

    Args:
        path (str): The file.

    Yields:
        Record: A record.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is not such JSON.
    """
    for i, (line, key, value) in enumerate(_members(path)):
        if key is not None:
            raise AnnotationError(
                f'{path}:{line}: expected a list [...], but got an object '
                f'with {key!r}. Check that this is the right file.'
            )
        yield to_record(path, line, value, f'record[{i}]')


def read_rows(path: str, columns: Sequence[str]) -> Iterator[Record]:
    """Read a JSON file that is a list of lists of equal length.

    Args:
        path (str): The file.
        columns (Sequence[str]): Names of the members of each list.

    Yields:
        Record: A list, its members by their names.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is not such JSON.
    """
    for line, key, value in _members(path):
        if key is not None or not isinstance(value, list):
            found = 'an object' if key is not None else f'{value!r:.80}'
            raise AnnotationError(
                f'{path}:{line}: expected a list of lists [[...], ...], but '
                f'got {found}. Check that this is the right file.'
            )
        if len(value) != len(columns):
            raise AnnotationError(
                f'{path}:{line}: expected a list of {list(columns)}, but got '
                f'{value!r:.200}. Fix this list.'
            )
        yield Record(path, line, dict(zip(columns, value, strict=True)))


def read_table(
    path: str, columns: Sequence[str], delimiter: str
) -> Iterator[Record]:
    """Read a table whose first line names its columns.

    Args:
        path (str): The file.
        columns (Sequence[str]): Required columns.
        delimiter (str): Separator of columns.

    Yields:
        Record: A row; all its values are strings.

    Raises:
        FileNotFoundError: If the file does not exist.
        AnnotationError: If it is not such a table.
    """
    rows = _table_rows(path, delimiter)
    line, header = next(rows, (1, []))
    missing = [column for column in columns if column not in header]
    if missing:
        raise AnnotationError(
            f'{path}:{line}: the columns {missing} are missing; got '
            f'{header!r:.200}. Check that this is the right file.'
        )
    if len(set(header)) < len(header):
        raise AnnotationError(
            f'{path}:{line}: a column is named twice; got {header!r:.200}. '
            'Rename one of them.'
        )
    empty = True
    for line, row in rows:
        if len(row) != len(header):
            raise AnnotationError(
                f'{path}:{line}: expected {len(header)} columns, but got '
                f'{len(row)}: {row!r:.200}. Fix this line.'
            )
        empty = False
        yield Record(path, line, dict(zip(header, row, strict=True)))
    if empty:
        raise AnnotationError(f'{path}:{line}: there are no rows below this.')


def _table_rows(path: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, with their lines."""
    text = io.StringIO(read_text(path))
    reader = csv.reader(text, delimiter=delimiter)
    line = 0
    try:
        for row in reader:
            if reader.line_num > line + 1:
                raise AnnotationError(
                    f'{path}:{line + 1}: a quotation mark opens a field that '
                    f'only ends in line {reader.line_num}: {row!r:.200}. '
                    'Close or remove it.'
                )
            line = reader.line_num
            if row:
                yield line, row
    except csv.Error as error:
        raise AnnotationError(f'{path}:{reader.line_num}: {error}.') from error


def _object_members(path: str) -> Iterator[tuple[int, str, Any]]:
    """Yield the members of a JSON object, whose keys must be unique."""
    seen: dict[str, int] = {}
    for line, key, value in _members(path):
        if key is None:
            raise AnnotationError(
                f'{path}:{line}: expected an object {{...}}, but got a list. '
                'Check that this is the right file.'
            )
        if key in seen:
            raise AnnotationError(
                f'{path}:{line}: {key!r} already occurs in line {seen[key]}. '
                'Remove one of them.'
            )
        seen[key] = line
        yield line, key, value


def _members(path: str) -> Iterator[tuple[int, str | None, Any]]:
    """Yield the members of a JSON list or object, at least one."""
    empty = True
    for member in json_members(path, read_text(path)):
        empty = False
        yield member
    if empty:
        raise AnnotationError(f'{path}:1: there are no records in this file.')
