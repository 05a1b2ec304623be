# Copyright (c) clipbert_mm contributors.
"""JSON that every reader understands alike, or an error with its position.

Unlike the json module, it refuses repeated keys, lone surrogates, which no
file can hold, and deep nesting. NaN is left to those who know which numbers
are valid.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

SPACE = ' \t\r\n'
MAX_DEPTH = 64
MAX_DIGITS = 4300  # the limit of int()

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,"\s]+', re.DOTALL)
_SURROGATE = re.compile(r'\\u[dD][89a-fA-F]')


class StrictJSONError(ValueError):
    """JSON that is not valid, or that programs read differently.

    Args:
        reason (str): Reason without the position.
        position (int): Position in the text.
        is_json (bool): Whether the json module accepts it, so that the reason
            needs no other words. Defaults to True.
    """

    def __init__(
        self, reason: str, position: int, is_json: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
        self.is_json = is_json


class _RepeatedKeyError(ValueError):
    """Object with a repeated key, its position yet to be found."""


def decode(text: str, start: int = 0) -> tuple[Any, int]:
    """Decode one JSON value.

    Args:
        text (str): Text with the value.
        start (int): Position of its first character. Defaults to 0.

    Returns:
        tuple[Any, int]: The value and the position behind it.

    Raises:
        StrictJSONError: If there is no value, or it is refused.

    Example:
        >>> decode('{"a": [1]}, 2', 0)
        ({'a': [1]}, 10)
        >>> decode('{"a": 1, "a": 2}')
        Traceback (most recent call last):
        ...
        clipbert_mm.annotations.strict_json.StrictJSONError: the key 'a' is \
repeated
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise StrictJSONError(error.msg, error.pos, is_json=False) from error
    except RecursionError as error:
        raise _too_deep(start) from error
    except ValueError as error:
        raise _explained(text, start) from error
    _check_depth(value, text, start, end)
    if _SURROGATE.search(text, start, end):
        _check_surrogates(value, text, start, end)
    return value, end


def decode_all(text: str) -> Any:
    """Decode a text that is one JSON value between spaces.

    Args:
        text (str): The text.

    Returns:
        Any: Its value.

    Raises:
        StrictJSONError: If it is no such text.

    Example:
        >>> decode_all(' {"sen_id": 3}')
        {'sen_id': 3}
    """
    value, end = decode(text, len(text) - len(text.lstrip(SPACE)))
    if text[end:].strip(SPACE):
        raise StrictJSONError('Extra data', end, is_json=False)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _RepeatedKeyError
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_members)


def _check_depth(value: Any, text: str, start: int, end: int) -> None:
    openers = text.count('[', start, end) + text.count('{', start, end)
    if openers <= MAX_DEPTH:
        return
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise _too_deep(start)


def _too_deep(position: int) -> StrictJSONError:
    return StrictJSONError(
        f'a value is nested more than {MAX_DEPTH} levels deep', position
    )


def _check_surrogates(value: Any, text: str, start: int, end: int) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        token, position = next(
            (token, position)
            for token, position in _tokens(text, start)
            if token[0] == '"' and not _is_encodable(token)
        )
        raise StrictJSONError(
            f'the string {token:.80} has half of a character (a lone '
            'surrogate)',
            position,
        ) from error


def _is_encodable(token: str) -> bool:
    try:
        json.loads(token, strict=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _explained(text: str, start: int) -> StrictJSONError:
    """Return the error of the first value that was refused."""
    keys: list[set[str]] = []
    last: tuple[str, int] = ('', start)
    for token, position in _tokens(text, start):
        if token == ':' and keys:
            key = json.loads(last[0], strict=False)
            if key in keys[-1]:
                return StrictJSONError(
                    f'the key {key!r:.80} is repeated', last[1]
                )
            keys[-1].add(key)
        elif token in '[{':
            keys.append(set())
        elif token in ']}' and keys:
            keys.pop()
        elif _is_huge(token):
            return StrictJSONError(
                f'an integer has more than {MAX_DIGITS:,} digits', position
            )
        last = (token, position)
    return StrictJSONError('this value is not valid', start)


def _is_huge(token: str) -> bool:
    digits = token.removeprefix('-')
    return digits.isdigit() and len(digits) > MAX_DIGITS


def _tokens(text: str, start: int) -> Iterator[tuple[str, int]]:
    for match in _TOKEN.finditer(text, start):
        yield match.group(), match.start()
