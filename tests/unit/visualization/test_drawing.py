# Copyright (c) clipbert_mm contributors.
"""Tests of fitting frames and breaking texts."""

import numpy as np
import pytest
from PIL import ImageFont

from clipbert_mm.visualization.drawing import fit, shorten, wrap
from clipbert_mm.visualization.fonts import ScriptFont

RED = (250, 10, 10)


def test_fit__keeps_the_aspect_ratio() -> None:
    square = np.asarray(fit(np.full((20, 40, 3), RED, np.uint8), 64))
    rows, columns = np.nonzero((square == RED).all(-1))
    assert square.shape == (64, 64, 3)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (30, 60)


def test_wrap__lines() -> None:
    font = ImageFont.load_default(20)
    text = 'one two three four five six'
    lines = wrap(text, font, 120)
    assert ' '.join(lines) == text
    assert all(font.getlength(line) <= 120 for line in lines)
    assert len(lines) < 6


@pytest.mark.parametrize('word', ['incomprehensibilities' * 3, '赤い輪' * 20])
def test_wrap__a_word_wider_than_the_line_is_broken(word: str) -> None:
    font = ScriptFont(20)
    lines = wrap(word, font, 120)
    assert ''.join(lines) == word
    assert all(font.getlength(line) <= 120 for line in lines)


def test_shorten__until_it_fits() -> None:
    font = ImageFont.load_default(10)
    got = shorten('a_very_long_name.mp4', font, 60)
    assert got.endswith('...')
    assert font.getlength(got) <= 60 < font.getlength('a_very_long_name.mp4')
    assert shorten('a.mp4', font, 60) == 'a.mp4'
    assert len(shorten('a_very_long_name.mp4', font, 1)) == 8
