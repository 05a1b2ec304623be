# Copyright (c) clipbert_mm contributors.
"""Tests of the random draws of items."""

import numpy as np
import pytest

from clipbert_mm.datasets.item_draws import (
    Index,
    deal_rows,
    split_index,
    take_group,
)


@pytest.mark.parametrize(
    'idx, without_seed, expected',
    [
        (3, False, (0, 0, 3)),
        (-1, False, (0, 0, 9)),
        ((7, 2, 3), False, (7, 2, 3)),
        ((7, 2, -10), True, (0, 0, 0)),
        ((7, 2, 3, 0), False, (7, 2, 3)),
        ((7, 2, 3, 2), False, (7 + 2 * 2**64, 2, 3)),
        ((7, 2, 3, 1), True, (2**64, 0, 3)),
    ],
)
def test_split_index__of_every_form(
    idx: Index, without_seed: bool, expected: tuple[int, int, int]
) -> None:
    assert split_index(idx, 10, 'Some', without_seed) == expected


@pytest.mark.parametrize('index', [10, -11])
def test_split_index__out_of_range(index: int) -> None:
    message = f'^Some has 10 items, but got the index {index}.$'
    with pytest.raises(IndexError, match=message):
        split_index((0, 0, index), 10, 'Some')


def test_groups__every_row_once_and_random_fillers() -> None:
    rows = np.arange(20, 27)
    orders = set()
    for epoch in range(30):
        dealt = deal_rows(rows, 3, 5, epoch, 2)
        assert deal_rows(rows, 3, 5, epoch, 2).tolist() == dealt.tolist()
        rng = np.random.default_rng(epoch)
        groups = [take_group(dealt, part, 3, rng) for part in range(3)]
        taken = [row for group in groups for row in group]
        assert taken[:7] == dealt.tolist()
        assert sorted(taken[:7]) == rows.tolist()
        assert taken[7:] == [dealt[6], dealt[6]]
        orders.add(tuple(dealt))
    assert len(orders) > 25
