# Copyright (c) clipbert_mm contributors.
"""Tests of printing file names that hold any character."""

import io

from clipbert_mm.utils.printing import print_text, printable


def test_printable__one_line_of_any_name() -> None:
    assert printable('日本 é.mp4') == '日本 é.mp4'
    assert printable('a\nb\t\x1b[31m.mp4') == r'a\nb\t\x1b[31m.mp4'
    assert printable('a\udcff.mp4') == r'a\udcff.mp4'


def test_print_text__a_terminal_that_lacks_characters() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    print_text('é.mp4\nb.mp4', file)
    assert file.buffer.getvalue() == b'\\xe9.mp4\nb.mp4\n'
