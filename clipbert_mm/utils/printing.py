# Copyright (c) clipbert_mm contributors.
"""Print lines with file names, which may hold any character."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO


def printable(text: str) -> str:
    r"""Escape the characters that would break a line or cannot be printed.

    Args:
        text (str): Text with file names, which may hold line breaks, escape
            sequences and bytes that are not UTF-8.

    Returns:
        str: Text of one line.

    Example:
        >>> print(printable('a\nb\udcff.mp4'))
        a\nb\udcff.mp4
    """
    return ''.join(
        c if c.isprintable() else c.encode('unicode_escape').decode()
        for c in text
    )


def print_text(text: str, file: TextIO | None = None) -> None:
    """Print a text; characters that the terminal lacks are escaped.

    Args:
        text (str): One or more lines.
        file (TextIO | None): Where to print. Defaults to None, the standard
            output.
    """
    file = file or sys.stdout
    if file is None:  # closed before the process began
        return
    encoding = file.encoding or 'utf-8'
    shown = text.encode(encoding, 'backslashreplace').decode(encoding)
    print(shown, file=file, flush=True)


def print_json(document: Any) -> None:
    """Print a JSON document, in ASCII.

    Args:
        document (Any): Plain values; NaN is not one.
    """
    print_text(json.dumps(document, indent=2, allow_nan=False))


@contextmanager
def only_json(as_json: bool = True) -> Iterator[None]:
    """Send what is printed to standard error, so that a document is alone.

    Args:
        as_json (bool): Whether to do so. Defaults to True.

    Yields:
        None: During the work, before the document is printed.
    """
    if not as_json:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield
