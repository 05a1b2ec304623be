# Copyright (c) clipbert_mm contributors.
"""Tests of the word list."""

from pathlib import Path

import pytest

from tools.checks import words


@pytest.mark.parametrize(
    'text, found',
    [
        ('a dataset', []),
        ('a Data Set', ['Data Set']),
        ('# a data\n# set', ['data # set']),
        ('besides', []),
        ('tell apart', []),
        ('which is told', ['told']),
        ('a fraction in 0...1', ['0...1']),
    ],
)
def test_find_words__over_line_ends(text: str, found: list[str]) -> None:
    matches = words.find_words(text, words.read_rules())
    assert [match[1] for match in matches] == found


def test_main__names_file_line_and_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'a.md'
    path.write_text('An image.\nA picture.\n')
    assert words.main([str(path)]) == 1
    assert capsys.readouterr().out == (
        f"{path}:2: 'picture': use 'image, images, frames'\n"
    )
    path.write_text('An image.\n')
    assert words.main([str(path)]) == 0
    assert capsys.readouterr().out == ''
