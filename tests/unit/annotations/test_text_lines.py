# Copyright (c) clipbert_mm contributors.
"""Tests of files with a text a line."""

from pathlib import Path

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.text_lines import read_text_lines


@pytest.mark.parametrize(
    'content, queries',
    [
        (b'a dog', ['a dog']),
        (
            b'\xef\xbb\xbfa dog\r\n\r\n\t\r\n  a cat, a dog \r\n',
            ['a dog', 'a cat, a dog'],
        ),
        ('été\n"x"\n'.encode(), ['été', '"x"']),
    ],
)
def test_read_text_lines__one_a_line(
    tmp_path: Path, content: bytes, queries: list[str]
) -> None:
    path = tmp_path / 'queries.txt'
    path.write_bytes(content)
    assert read_text_lines(path) == queries


@pytest.mark.parametrize(
    'content, message',
    [
        (b'\n \n', r'queries.txt:1: expected a text a line, but all lines'),
        (b'a dog\n\xff\n', r'queries.txt:2: this is not a text file in UTF-8'),
        (b'\x89PNG\r\n\x1a\n', 'queries.txt:1: expected a text file'),
    ],
)
def test_read_text_lines__what_is_none(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / 'queries.txt'
    path.write_bytes(content)
    with pytest.raises(AnnotationError, match=message):
        read_text_lines(path)
    with pytest.raises(FileNotFoundError, match='There is no file'):
        read_text_lines(tmp_path / 'none.txt')
