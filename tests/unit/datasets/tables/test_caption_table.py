# Copyright (c) clipbert_mm contributors.
"""Tests of the table of captions."""

from clipbert_mm.annotations.captions import Caption
from clipbert_mm.datasets.tables.caption_table import CaptionTable


def test_caption_table__texts_are_equal_but_for_case_and_spaces() -> None:
    texts = ['a man', 'A  man ', 'a dog', 'a man']
    table = CaptionTable(
        [Caption(text, 'v0', f'c{i}', i + 1) for i, text in enumerate(texts)]
    )
    assert table.text_of_row.tolist() == [0, 0, 1, 0]
    assert table.num_texts == 2
    assert table.ids == ['c0', 'c1', 'c2', 'c3']
    assert table.texts() == texts
