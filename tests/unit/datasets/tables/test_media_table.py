# Copyright (c) clipbert_mm contributors.
"""Tests of the table of rows, against plain lists."""

import random

import pytest

from clipbert_mm.annotations.captions import Caption
from clipbert_mm.datasets.tables.media_table import MediaTable, select_media


def test_media_table__equals_plain_lists() -> None:
    rng = random.Random(0)
    media = [f'v{rng.randrange(9)}' for _ in range(50)]
    texts = [
        ''.join(rng.choices('aé猫 \n', k=rng.randrange(5))) for _ in media
    ]
    table = MediaTable(media, texts)
    assert len(table) == 50
    assert table.texts() == texts
    assert [table.text(i) for i in range(50)] == texts
    assert table.media == list(dict.fromkeys(media))
    for media_ind, name in enumerate(table.media):
        rows = [row for row, own in enumerate(media) if own == name]
        assert table.rows_of(media_ind).tolist() == rows


@pytest.mark.parametrize(
    'indices, rows',
    [
        (None, [0, 1, 2, 3]),
        (1, [0, 2]),
        (-1, [3]),
        (0, []),
        ([2, 0], [0, 2, 3]),
    ],
)
def test_select_media__by_their_first_rows(
    indices: int | list[int] | None, rows: list[int]
) -> None:
    captions = [
        Caption('', name, i, i + 1) for i, name in enumerate('bcba'.upper())
    ]
    chosen = select_media(captions, indices)
    assert [caption.caption_id for caption in chosen] == rows
