# Copyright (c) clipbert_mm contributors.
"""Tests of the sources of hard negatives, against naive counts."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.annotations.captions import Caption
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.datasets.hard_negatives import ListedNegatives, WordOverlap
from clipbert_mm.datasets.tables.caption_table import CaptionTable
from tests.toolbox.media import write_lines


def table_of(*texts: str) -> CaptionTable:
    """Return a table of one caption of each video, with ids 'c<row>'."""
    return CaptionTable(
        [Caption(t, f'v{i}', f'c{i}', i + 1) for i, t in enumerate(texts)]
    )


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def own(table: CaptionTable, row: int) -> np.ndarray:
    return table.text_of_row[[row]]


TABLE = table_of(
    'The Red car', 'red car, red car!', 'a blue car', 'two dogs', 'the red car'
)


def test_word_overlap__counts_distinct_words_without_case() -> None:
    shared = WordOverlap(TABLE).shared_words(0)[TABLE.text_of_row]
    assert shared.tolist() == [3, 2, 1, 0, 3]


def test_word_overlap__of_random_texts() -> None:
    words = [f'w{i}' for i in range(25)]
    texts = [' '.join(rng(i).choice(words, 6)) for i in range(50)]
    table = table_of(*texts)
    overlap = WordOverlap(table)
    for row, text in enumerate(texts):
        naive = [len(set(text.split()) & set(t.split())) for t in texts]
        shared = overlap.shared_words(row)[table.text_of_row]
        assert shared.tolist() == naive


def test_word_overlap__best_first_and_never_own() -> None:
    overlap = WordOverlap(TABLE)
    # Rows 0 and 4 differ in case alone: they have one text.
    assert overlap.draw(0, own(TABLE, 0), 1, rng()) == [1]
    assert set(overlap.draw(0, own(TABLE, 0), 2, rng())) == {1, 2}
    both = TABLE.text_of_row[[0, 1]]
    assert overlap.draw(0, both, 1, rng()) == [2]


def test_word_overlap__ties_are_drawn_evenly() -> None:
    table = table_of('a b', 'a c', 'a d', 'a e', 'f')
    overlap = WordOverlap(table)
    counts = Counter(
        overlap.draw(0, own(table, 0), 1, rng(seed))[0] for seed in range(300)
    )
    assert counts.keys() == {1, 2, 3}
    assert min(counts.values()) > 60  # 100 each, with a deviation of 8
    draws = [overlap.draw(0, own(table, 0), 2, rng(7)) for _ in range(2)]
    assert draws[0] == draws[1]


def test_word_overlap__fewer_texts_than_asked_for() -> None:
    overlap = WordOverlap(TABLE)
    assert set(overlap.draw(3, own(TABLE, 3), 9, rng())) == {0, 1, 2}
    assert overlap.draw(3, np.arange(TABLE.num_texts), 9, rng()) == []
    assert overlap.draw(3, own(TABLE, 3), 0, rng()) == []


def test_word_overlap__texts_without_words() -> None:
    table = table_of('...', '?', 'a')
    shared = WordOverlap(table).shared_words(0)
    assert shared.tolist() == [0, 0, 0]


def listed(folder: Path, table: CaptionTable, *rows: dict) -> ListedNegatives:
    return ListedNegatives(table, write_lines(folder / 'hard.jsonl', rows))


def test_listed_negatives__distinct_texts_that_are_not_own(
    tmp_path: Path,
) -> None:
    table = table_of('a', 'b', 'c', 'b', 'd', 'a')
    source = listed(
        tmp_path,
        table,
        dict(sen_id='c0', negatives=['c1', 'c3', 'c4', 'c5']),
        dict(sen_id='c2', negatives=['c0']),
    )
    drawn: Counter = Counter()
    for seed in range(200):
        rows = source.draw(0, own(table, 0), 9, rng(seed))
        assert len({table.text(row) for row in rows}) == len(rows) == 2
        drawn.update(rows)
    # c5 has the text of c0 itself; c1 and c3 share one.
    assert drawn.keys() == {1, 3, 4}
    assert drawn[4] == 200
    assert min(drawn[1], drawn[3]) > 60
    assert source.draw(2, own(table, 2), 9, rng()) == [0]


def test_listed_negatives__as_many_as_asked_for(tmp_path: Path) -> None:
    table = table_of('a', 'b', 'c', 'd')
    source = listed(
        tmp_path, table, dict(sen_id='c0', negatives=['c1', 'c2', 'c3'])
    )
    drawn = {
        tuple(source.draw(0, own(table, 0), 2, rng(s))) for s in range(99)
    }
    assert drawn == {(a, b) for a in (1, 2, 3) for b in (1, 2, 3) if a != b}
    assert source.draw(0, own(table, 0), 0, rng()) == []
    assert source.draw(1, own(table, 1), 2, rng()) == []  # not listed


@pytest.mark.parametrize(
    'row',
    [
        dict(sen_id='x', negatives=['c0']),
        dict(sen_id='c0', negatives=['c1', 'x']),
    ],
)
def test_listed_negatives__unknown_caption(tmp_path: Path, row: dict) -> None:
    good = dict(sen_id='c1', negatives=['c0'])
    with pytest.raises(
        AnnotationError,
        match=r'hard.jsonl:2: no caption of the annotation file has the '
        r"sen_id 'x'. Remove it.$",
    ):
        listed(tmp_path, table_of('a', 'b'), good, row)
