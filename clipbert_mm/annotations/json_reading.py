# Copyright (c) clipbert_mm contributors.
"""Read JSON files so that every member keeps the number of its line."""

import json
from collections.abc import Iterator
from typing import Any

SPACE = ' \t\r\n'


class AnnotationError(ValueError):
    """An annotation file that does not follow its format."""


def read_text(path: str, argument: str) -> str:
    """Read a whole file in UTF-8.

    Args:
        path (str): The file.
        argument (str): The option that the path came from, for the message.

    Returns:
        str: Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not UTF-8.

    Example:
        >>> read_text('msrvtt/test.jsonl', 'ann_file')[:12]
        '{"caption": '
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            return file.read()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'There is no annotation file {path!r}. Check {argument} and '
            'data_root of the data set.'
        ) from error
    except UnicodeDecodeError as error:
        raise AnnotationError(
            f'{path}:1: this is not a text file in UTF-8: {error}.'
        ) from error


def json_lines(path: str, text: str) -> Iterator[tuple[int, dict]]:
    """The objects of a file of JSON lines; blank lines are skipped.

    Args:
        path (str): The file, for messages.
        text (str): Its content.

    Yields:
        tuple[int, dict]: The line's number from 1 on, and its object.

    Raises:
        AnnotationError: If a line is not a JSON object.

    Example:
        >>> list(json_lines('a.jsonl', '{"sen_id": 3}'))
        [(1, {'sen_id': 3})]
    """
    # Not splitlines(): it also splits at characters that JSON allows in texts.
    for number, line in enumerate(text.split('\n'), 1):
        if not line.strip(SPACE):
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise AnnotationError(
                f'{path}:{number}: this line is not JSON: {error}.'
            ) from error
        if not isinstance(record, dict):
            raise AnnotationError(
                f'{path}:{number}: expected a JSON object, {{"key": value, '
                f'...}}, but got {record!r:.80}.'
            )
        yield number, record


def json_members(
    path: str, text: str
) -> Iterator[tuple[int, str | None, Any]]:
    """The members of a file that is one JSON list or one JSON object.

    ``json.load`` tells neither their lines nor repeated keys.

    Args:
        path (str): The file, for messages.
        text (str): Its content.

    Yields:
        tuple[int, str | None, Any]: The line's number from 1 on, the key
        (None in a list), and the value.

    Raises:
        AnnotationError: If the file is not such JSON.

    Example:
        >>> list(json_members('a.json', '{"video0.mp4": ["a man"]}'))
        [(1, 'video0.mp4', ['a man'])]
    """
    cursor = _Cursor(path, text)
    closing = {'[': ']', '{': '}'}[cursor.take('[{')]
    done = cursor.peek() == closing
    if done:
        cursor.take(closing)
    while not done:
        line = cursor.line()
        key = None
        if closing == '}':
            key = cursor.value()
            cursor.take(':')
        yield line, key, cursor.value()
        done = cursor.take(',' + closing) == closing
    if cursor.peek():
        raise cursor.error('expected the end of the file')


class _Cursor:
    """A position in a JSON text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.position = 0
        self._line = 1
        self._counted = 0
        self._decode = json.JSONDecoder().raw_decode

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while self.text[self.position : self.position + 1] in tuple(SPACE):
            self.position += 1
        return self.text[self.position : self.position + 1]

    def line(self) -> int:
        """The line of the next character that is no space."""
        self.peek()
        self._line += self.text.count('\n', self._counted, self.position)
        self._counted = self.position
        return self._line

    def take(self, choices: str) -> str:
        """Pass one of the given characters."""
        found = self.peek()
        if not found or found not in choices:
            raise self.error(f'expected one of {list(choices)}')
        self.position += 1
        return found

    def value(self) -> Any:
        """Pass one JSON value."""
        self.peek()
        try:
            found, self.position = self._decode(self.text, self.position)
        except json.JSONDecodeError as error:
            self.position = error.pos
            raise self.error(error.msg) from error
        return found

    def error(self, reason: str) -> AnnotationError:
        """The error to raise at this position."""
        got = self.text[self.position : self.position + 20]
        return AnnotationError(
            f'{self.path}:{self.line()}: this file is not '
            f'JSON: {reason}, but got '
            f'{got or "the end of the file"!r}.'
        )
