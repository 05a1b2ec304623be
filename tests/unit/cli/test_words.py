# Copyright (c) clipbert_mm contributors.
"""Tests of options that take several words, against argparse."""

import argparse

import pytest

from clipbert_mm.cli.words import repeat_names


@pytest.mark.parametrize(
    'line',
    [
        'a.mp4 --text one',
        'a.mp4 b.mp4 --text one two three --json',
        'a.mp4 --text one --json --text two three',
        'a.mp4 --text one two -- b.mp4',
        'a.mp4',
    ],
)
def test_repeat_names__equals_argparse(line: str) -> None:
    def parse(nargs: str | None, action: str, words: list[str]) -> tuple:
        parser = argparse.ArgumentParser()
        parser.add_argument('videos', nargs='*')
        parser.add_argument('--json', action='store_true')
        parser.add_argument('--text', nargs=nargs, action=action)
        found = parser.parse_intermixed_args(words)
        return found.videos, found.json, found.text

    words = line.split()
    expected = parse('+', 'extend', words)
    assert parse(None, 'append', repeat_names(words)) == expected


def test_repeat_names__words_of_other_options_and_signs() -> None:
    line = ['--top-k', '3', 'a', '--options', '-', 'b', '--text=x', 'c']
    expected = [*line[:4], '-', '--options', 'b', '--text=x', 'c']
    assert repeat_names(line) == expected
