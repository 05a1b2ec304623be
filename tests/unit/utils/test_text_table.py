# Copyright (c) clipbert_mm contributors.
"""Tests of tables in plain text."""

from clipbert_mm.utils.text_table import text_table


def test_text_table__aligns_numbers_to_the_right() -> None:
    rows = [
        ['', 'train', 'val'],
        ['media', '3', '1,200'],
        ['long name', '', ''],
    ]
    assert text_table(rows) == [
        '           train    val',
        'media          3  1,200',
        'long name',
    ]
