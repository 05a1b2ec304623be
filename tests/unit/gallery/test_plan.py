# Copyright (c) clipbert_mm contributors.
"""Plan of a cascade: its clips, its pairs, its passes."""

import numpy as np
import pytest
import torch

from clipbert_mm.gallery.plan import (
    Cascade,
    count_pairs,
    max_passes,
    select_pairs,
    split_clips,
)


@pytest.mark.parametrize(
    'num_clips, first, expected',
    [
        (16, 1, [8]),
        (16, 2, [4, 12]),
        (16, 4, [2, 6, 10, 14]),
        (20, 3, [3, 10, 16]),
        (4, 3, [0, 2, 3]),
        (4, None, [0, 1, 2, 3]),
    ],
)
def test_split_clips__takes_the_middle_of_equal_stretches(
    num_clips: int, first: 'int | None', expected: list[int]
) -> None:
    clips = split_clips(num_clips, first)
    assert clips.first == expected
    assert sorted(clips.first + clips.rest) == list(range(num_clips))
    assert clips.num_clips == num_clips


def test_split_clips__needs_clips_that_are_left() -> None:
    with pytest.raises(
        ValueError, match='below the number of clips, 4, but got 4'
    ):
        split_clips(4, 4)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(), 'but got neither'),
        (dict(first_clips=0), 'first_clips must be .* >= 1, but got 0'),
        (dict(first_clips=2, videos_per_text=0), 'videos_per_text .* got 0'),
        (dict(first_clips=2, texts_per_video=-1), 'texts_per_video .* got -1'),
    ],
)
def test_cascade__refuses(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cascade(**arguments)


def test_select_pairs__equals_a_loop_over_rows_and_columns() -> None:
    rng = np.random.default_rng(0)
    # Rounded: many ties; some pairs are no candidates.
    scores = rng.normal(size=(9, 14)).round(1)
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    scores[4] = -np.inf
    expected = np.zeros(scores.shape, bool)
    for text in range(14):
        order = sorted(range(9), key=lambda v: (-scores[v, text], v))
        expected[order[:3], text] = True
    for video in range(9):
        order = sorted(range(14), key=lambda t: (-scores[video, t], t))
        expected[video, order[:2]] = True
    expected &= np.isfinite(scores)
    chosen = select_pairs(torch.from_numpy(scores), 3, 2)
    np.testing.assert_array_equal(chosen.numpy(), expected)


def test_select_pairs__may_search_videos_alone() -> None:
    scores = torch.tensor([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    assert select_pairs(scores, 1, 0).tolist() == [[True] * 3, [False] * 3]
    assert select_pairs(scores, 99, 99).all()


def test_max_passes__counts_both_steps() -> None:
    cascade = Cascade(first_clips=2, videos_per_text=5, texts_per_video=3)
    clips = split_clips(16, 2)
    assert max_passes(cascade, clips, 100 * 50, 100, 50) == (
        100 * 50 * 2 + (50 * 5 + 100 * 3) * 14
    )
    assert max_passes(cascade, clips, 7, 100, 50) == 7 * 16


def test_count_pairs__all_or_those_of_the_lists() -> None:
    texts = [torch.tensor([0, 2]), torch.tensor([], dtype=torch.long)]
    assert count_pairs(texts, 2, 3) == 2
    assert count_pairs(None, 2, 3) == 6
