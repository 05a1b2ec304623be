# Copyright (c) clipbert_mm contributors.
"""Scores of finished and unfinished pairs in one order."""

import math

import numpy as np
import pytest
import torch

from clipbert_mm.gallery.merge import (
    merge_passes,
    model_score,
    score_of_clips,
)
from clipbert_mm.gallery.plan import split_clips
from clipbert_mm.gallery.store import VideoLogits
from tests.toolbox.tiny_models import tiny_clipbert


@pytest.mark.parametrize('aggregation', ['mean', 'max', 'lse'])
def test_merge_passes__finished_pairs_have_the_full_score(
    aggregation: str,
) -> None:
    model = tiny_clipbert(consensus=dict(aggregation=aggregation))
    logits = torch.randn(6, 5, 2, generator=torch.Generator().manual_seed(1))
    clips = split_clips(5, 2)
    finished = [1, 4]
    row = merge_passes(
        VideoLogits(torch.arange(6), logits[:, clips.first]),
        VideoLogits(torch.tensor(finished), logits[finished][:, clips.rest]),
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
        assert score_of_clips(row[text].item()) == pytest.approx(score)


def test_merge_passes__keeps_the_order_of_tiny_scores() -> None:
    # Probabilities of matches that a shift by -1 in float32 would make equal.
    margins = torch.tensor([-30.0, -31.0, -50.0, -90.0, 20.0])
    logits = torch.stack([torch.zeros(5), margins], -1)[:, None]
    row = merge_passes(
        VideoLogits(torch.arange(5), logits),
        VideoLogits(torch.tensor([2]), logits[[2]]),
        split_clips(2, 1),
        5,
        model_score(tiny_clipbert()),
    )
    assert row.argsort(descending=True).tolist() == [2, 4, 0, 1, 3]
    assert row[2] > 0
    assert (row[[0, 1, 3, 4]] <= -1).all()
    assert torch.isfinite(row).all()


def test_merge_passes__leaves_out_what_was_not_scored() -> None:
    first = VideoLogits(torch.tensor([2, 3]), torch.zeros(2, 3, 2))
    row = merge_passes(
        first, None, split_clips(3, None), 5, model_score(tiny_clipbert())
    )
    assert row.tolist() == [-math.inf, -math.inf, 0.5, 0.5, -math.inf]
