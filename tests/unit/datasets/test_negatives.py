# Copyright (c) clipbert_mm contributors.
"""Tests of the negatives: none may belong to the video."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.annotations.captions import Caption
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.datasets.negatives import NegativeSampler
from clipbert_mm.datasets.tables.caption_table import CaptionTable
from tests.toolbox.media import write_lines


def table_of(*captions: tuple[str, str]) -> CaptionTable:
    """Return a table of (video, text) with the ids 'c<row>'."""
    return CaptionTable(
        [
            Caption(text, media, f'c{row}', row + 1)
            for row, (media, text) in enumerate(captions)
        ]
    )


CARS = table_of(
    ('v0', 'a red car in the street'),
    ('v0', 'there is a car'),
    ('v1', 'a blue car in the street'),
    ('v2', 'A red car  in the street'),  # the text of row 0, in other words
    ('v3', 'a green car in the street'),
    ('v4', 'two dogs'),
    ('v5', 'a red ball in the garden'),
    ('v6', 'two dogs'),
)


def draws(sampler: NegativeSampler, row: int, times: int = 300) -> Counter:
    counts: Counter = Counter()
    for seed in range(times):
        counts.update(sampler.draw(row, np.random.default_rng(seed)))
    return counts


def test_negative_sampler__never_own_or_identical_captions() -> None:
    counts = draws(NegativeSampler(CARS, 1), row=0, times=2000)
    # Uniform over the rows that are allowed, as in the reference.
    assert set(counts) == {2, 4, 5, 6, 7}
    assert min(counts.values()) > 400 - 4 * 18


def test_negative_sampler__negatives_of_a_caption_are_different_texts() -> (
    None
):
    sampler = NegativeSampler(CARS, 4)
    for seed in range(50):
        rows = sampler.draw(0, np.random.default_rng(seed))
        texts = {CARS.text_of_row[row] for row in rows}
        assert len(rows) == len(texts) == 4


def test_negative_sampler__repeats_texts_only_when_there_are_no_more() -> None:
    rows = NegativeSampler(CARS, 6).draw(0, np.random.default_rng(0))
    assert len(rows) == 6
    assert {int(CARS.text_of_row[row]) for row in rows} == {
        int(CARS.text_of_row[row]) for row in (2, 4, 5, 6)
    }


def test_negative_sampler__same_generator_same_negatives() -> None:
    sampler = NegativeSampler(CARS, 3, hard=1)
    first, again = (
        sampler.draw(0, np.random.default_rng(5)) for _ in range(2)
    )
    assert first == again


def test_negative_sampler__hard_ones_share_the_most_words() -> None:
    sampler = NegativeSampler(CARS, 3, hard=3)
    shared = sampler.source.shared_words(0)[CARS.text_of_row]
    # All words; a, car; all but the colour; all; ...; a, red, in, the; none
    assert shared.tolist() == [6, 2, 5, 6, 5, 0, 4, 0]
    for seed in range(20):
        rows = sampler.draw(0, np.random.default_rng(seed))
        assert set(rows[:2]) == {2, 4}
        assert rows[2] == 6


def test_negative_sampler__hard_ones_are_never_own_captions() -> None:
    table = table_of(
        ('v0', 'a red car'),
        ('v1', 'two dogs'),
        ('v0', 'the red car'),
        ('v2', 'A  red car'),
    )
    sampler = NegativeSampler(table, 2, hard=2)
    # Only one text is not the video's own, in spite of its few words.
    assert sampler.draw(0, np.random.default_rng(0)) == [1, 1]


def test_negative_sampler__ties_are_broken_at_random() -> None:
    counts = draws(NegativeSampler(CARS, 1, hard=1), row=0)
    assert set(counts) == {2, 4}
    assert min(counts.values()) > 100  # 150 each


def test_negative_sampler__random_ones_fill_up_the_hard_ones() -> None:
    sampler = NegativeSampler(CARS, 4, hard=2)
    for seed in range(20):
        rows = sampler.draw(0, np.random.default_rng(seed))
        assert set(rows[:2]) == {2, 4}
        texts = {int(CARS.text_of_row[row]) for row in rows}
        assert len(texts) == 4
        assert rows[2] in (5, 6, 7)


def test_negative_sampler__overlap_is_that_of_a_naive_count() -> None:
    rng = np.random.default_rng(0)
    words = [f'w{i}' for i in range(30)]
    texts = [' '.join(rng.choice(words, 6)) for _ in range(60)]
    table = table_of(*[(f'v{i}', text) for i, text in enumerate(texts)])
    sampler = NegativeSampler(table, 5, hard=5)
    for row, text in enumerate(texts):
        naive = [len(set(text.split()) & set(t.split())) for t in texts]
        naive[row] = -1
        rows = sampler.draw(row, np.random.default_rng(row))
        got = sorted((naive[other] for other in rows), reverse=True)
        assert got == sorted(naive, reverse=True)[:5]


def test_negative_sampler__listed_ones(tmp_path: Path) -> None:
    # c1 is an own caption and c3 has the text of an own one.
    path = write_lines(
        tmp_path / 'hard.jsonl',
        [dict(sen_id='c0', negatives=['c1', 'c3', 'c5', 'c7'])],
    )
    sampler = NegativeSampler(CARS, 2, 2, path)
    for seed in range(20):
        rows = sampler.draw(0, np.random.default_rng(seed))
        assert rows[0] in (5, 7)  # the same text: only one of them
        assert rows[1] in (2, 4, 6)  # random, to fill up
    assert draws(sampler, row=5)[0] > 0  # not listed: random ones


def test_negative_sampler__unknown_listed_caption(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / 'hard.jsonl', [dict(sen_id='c0', negatives=['c99'])]
    )
    with pytest.raises(AnnotationError, match="hard.jsonl:1: .*'c99'"):
        NegativeSampler(CARS, 1, 1, path)


def test_negative_sampler__no_other_captions() -> None:
    table = table_of(('v0', 'a'), ('v1', 'a'), ('v1', 'b'))
    with pytest.raises(ValueError, match="'v1' has all 2 different"):
        NegativeSampler(table, 1)


def test_caption_table__keeps_texts_and_rows() -> None:
    table = table_of(('v1', 'é a'), ('v0', '日本'), ('v1', ' b '))
    assert table.texts() == ['é a', '日本', ' b ']
    assert table.media == ['v1', 'v0']
    assert table.rows_of(0).tolist() == [0, 2]
    assert table.rows_of(1).tolist() == [1]
    assert table.ids == ['c0', 'c1', 'c2']
    assert len(table) == 3
