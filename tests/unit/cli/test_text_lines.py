# Copyright (c) clipbert_mm contributors.
"""Tests of files with a text a line."""

from pathlib import Path

import pytest
import typer

from clipbert_mm.cli.text_lines import read_lines


def test_read_lines__each_once_without_spaces(tmp_path: Path) -> None:
    file = tmp_path / 'a.txt'
    file.write_bytes('\ufeffein Hündchen \r\n\n a b\na b'.encode())
    assert read_lines(str(file), '--x') == ['ein Hündchen', 'a b']


@pytest.mark.parametrize(
    'content, message',
    [
        (None, 'There is no file'),
        (b' \n', 'expected a text a line'),
        (b'a\n\xff', 'this is not a text file in UTF-8'),
    ],
)
def test_read_lines__no_texts(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / 'a.txt'
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(typer.BadParameter, match=message) as error:
        read_lines(str(file), '--x')
    assert error.value.param_hint == '--x'
