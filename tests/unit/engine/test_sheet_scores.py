# Copyright (c) clipbert_mm contributors.
"""Tests of the scores that sheets need."""

import pytest
import torch

from clipbert_mm.engine.sheet_scores import SheetScores, spread


@pytest.mark.parametrize('number', [1, 5, 16, 17, 1000])
def test_spread__equal_distances_within_the_set(number: int) -> None:
    found = spread(number, 16)
    assert len(found) == len(set(found)) == min(number, 16)
    assert found[0] == 0
    assert found[-1] < number
    steps = {b - a for a, b in zip(found, [*found[1:], number])}
    assert max(steps) - min(steps) <= 1


def test_scores__rows_and_columns_of_a_matrix() -> None:
    matrix = torch.rand(7, 9, generator=torch.Generator().manual_seed(0))
    scores = SheetScores([0, 3], [2, 8])
    for video_ind in (6, 0, 3, 1, 2, 5, 4):  # in any order
        scores.add(video_ind, matrix[video_ind])
    scores.gather()
    assert {i: row.tolist() for i, row in scores.rows.items()} == {
        i: matrix[i].tolist() for i in (0, 3)
    }
    for text_ind in (2, 8):
        expected = matrix[:, text_ind].tolist()
        assert scores.of_text(text_ind).tolist() == expected
