# Copyright (c) clipbert_mm contributors.
"""JSON texts, read so that every member keeps its line number."""

from collections.abc import Iterator
from typing import Any

from .errors import AnnotationError
from .record import Record, to_record
from .strict_json import SPACE, StrictJSONError, decode, decode_all


def json_lines(path: str, text: str) -> Iterator[Record]:
    """Read the objects of a file of JSON lines, skipping blank lines.

    Args:
        path (str): The file, for messages.
        text (str): Content of the file.

    Yields:
        Record: Object of a line.

    Raises:
        AnnotationError: If a line is not a JSON object.

    Example:
        >>> list(json_lines('a.jsonl', '{"sen_id": 3}'))
        [Record(path='a.jsonl', line=1, values={'sen_id': 3}, part='')]
    """
    # Not splitlines(): it also splits at characters that JSON allows in
    # strings.
    for number, line in enumerate(text.split('\n'), 1):
        if not line.strip(SPACE):
            continue
        try:
            value = decode_all(line)
        except StrictJSONError as error:
            reason = error.reason
            if not error.is_json:
                reason = (
                    f'this line is not JSON: {reason} at column '
                    f'{error.position + 1}'
                )
            raise AnnotationError(f'{path}:{number}: {reason}.') from error
        yield to_record(path, number, value)


def json_members(
    path: str, text: str
) -> Iterator[tuple[int, str | None, Any]]:
    """Read the members of a file that is one JSON list or object.

    ``json.load`` does not report their lines. Repeated keys of the members
    themselves are left to the caller, which knows what they name.

    Args:
        path (str): The file, for messages.
        text (str): Content of the file.

    Yields:
        tuple[int, str | None, Any]: Line from 1 on, key (None in a list) and
        value of a member.

    Raises:
        AnnotationError: If the file is not such JSON.

    Example:
        >>> list(json_members('a.json', '{"video0.mp4": ["a man"]}'))
        [(1, 'video0.mp4', ['a man'])]
    """
    cursor = _Cursor(path, text)
    if not cursor.peek():
        raise AnnotationError(
            f'{path}:1: this file is empty. Copy or download it again.'
        )
    closing = {'[': ']', '{': '}'}[cursor.take('[{')]
    done = cursor.peek() == closing
    if done:
        cursor.take(closing)
    while not done:
        line = cursor.line()
        key = None
        if closing == '}':
            key = cursor.key()
            cursor.take(':')
        yield line, key, cursor.value()
        done = cursor.take(',' + closing) == closing
    if cursor.peek():
        raise cursor.error('expected the end of the file')


class _Cursor:
    """Position in a JSON text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.position = 0
        self._line = 1
        self._counted = 0

    def peek(self) -> str:
        """Return the next character that is not a space; '' at the end."""
        while self.text[self.position : self.position + 1] in tuple(SPACE):
            self.position += 1
        return self.text[self.position : self.position + 1]

    def line(self) -> int:
        """Return the line of the next character that is not a space."""
        self.peek()
        self._line += self.text.count('\n', self._counted, self.position)
        self._counted = self.position
        return self._line

    def take(self, choices: str) -> str:
        """Pass one of the given characters and return it."""
        found = self.peek()
        if not found or found not in choices:
            raise self.error(f'expected one of {list(choices)}')
        self.position += 1
        return found

    def value(self) -> Any:
        """Pass one JSON value and return it."""
        self.peek()
        try:
            found, self.position = decode(self.text, self.position)
        except StrictJSONError as error:
            self.position = error.position
            if error.is_json:
                raise AnnotationError(
                    f'{self.path}:{self.line()}: {error.reason}.'
                ) from error
            raise self.error(error.reason) from error
        return found

    def key(self) -> str:
        """Pass the key of a member and return it."""
        if self.peek() != '"':
            raise self.error('expected a key in double quotes')
        return self.value()

    def error(self, reason: str) -> AnnotationError:
        """Return the error to raise at this position."""
        got = self.text[self.position : self.position + 20]
        return AnnotationError(
            f'{self.path}:{self.line()}: this file is not '
            f'JSON: {reason}, but got '
            f'{got or "the end of the file"!r}.'
        )
