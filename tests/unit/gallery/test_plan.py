# Copyright (c) clipbert_mm contributors.
"""Which pairs are finished, and how scores of both kinds are combined."""

import math

import numpy as np
import pytest
import torch

from clipbert_mm.gallery.merge import combine_row, model_score
from clipbert_mm.gallery.plan import (
    Cascade,
    most_passes,
    select_pairs,
    split_clips,
)
from clipbert_mm.gallery.store import RowLogits
from tests.toolbox.tiny_models import tiny_clipbert


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


@pytest.mark.parametrize('aggregation', ['mean', 'max', 'lse'])
def test_combine_row__finished_pairs_have_the_full_score(
    aggregation: str,
) -> None:
    model = tiny_clipbert(consensus=dict(aggregation=aggregation))
    logits = torch.randn(6, 5, 2, generator=torch.Generator().manual_seed(1))
    clips = split_clips(5, 2)
    finished = [1, 4]
    row = combine_row(
        RowLogits(torch.arange(6), logits[:, clips.first]),
        RowLogits(torch.tensor(finished), logits[finished][:, clips.rest]),
        clips,
        6,
        model_score(model),
    )
    pool = dict(
        mean=np.mean, max=np.max, lse=lambda x: math.log(np.exp(x).sum())
    )[aggregation]
    for text in range(6):
        used = range(5) if text in finished else clips.first
        no, yes = (
            pool(logits[text, list(used), k].double().numpy()) for k in (0, 1)
        )
        score = math.exp(yes) / (math.exp(no) + math.exp(yes))
        expected = score if text in finished else -1 / score
        assert row[text].item() == pytest.approx(expected, rel=1e-5)


def test_combine_row__keeps_the_order_of_tiny_scores() -> None:
    # Probabilities of matches that a shift by -1 in float32 would make equal.
    margins = torch.tensor([-30.0, -31.0, -50.0, -90.0, 20.0])
    logits = torch.stack([torch.zeros(5), margins], -1)[:, None]
    row = combine_row(
        RowLogits(torch.arange(5), logits),
        RowLogits(torch.tensor([2]), logits[[2]]),
        split_clips(2, 1),
        5,
        model_score(tiny_clipbert()),
    )
    assert row.argsort(descending=True).tolist() == [2, 4, 0, 1, 3]
    assert row[2] > 0
    assert (row[[0, 1, 3, 4]] <= -1).all()
    assert torch.isfinite(row).all()


def test_combine_row__leaves_out_what_was_not_scored() -> None:
    first = RowLogits(torch.tensor([2, 3]), torch.zeros(2, 3, 2))
    row = combine_row(
        first, None, split_clips(3, None), 5, model_score(tiny_clipbert())
    )
    assert row.tolist() == [-math.inf, -math.inf, 0.5, 0.5, -math.inf]


def test_most_passes__counts_both_steps() -> None:
    cascade = Cascade(first_clips=2, videos_per_text=5, texts_per_video=3)
    clips = split_clips(16, 2)
    assert most_passes(cascade, clips, 100 * 50, 100, 50) == (
        100 * 50 * 2 + (50 * 5 + 100 * 3) * 14
    )
    assert most_passes(cascade, clips, 7, 100, 50) == 7 * 16
