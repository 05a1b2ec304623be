# Copyright (c) clipbert_mm contributors.
"""Texts of nearly equal length in batches: complete, bounded, little lost."""

import numpy as np
import pytest
import torch
from torch import Tensor

from clipbert_mm.models.text_batches import make_text_batches


def bank(lengths: list[int]) -> tuple[Tensor, Tensor]:
    """Return texts whose tokens are their index; padding is 0."""
    longest = max(lengths, default=0)
    ids = torch.zeros(len(lengths), longest, dtype=torch.long)
    for i, length in enumerate(lengths):
        ids[i, :length] = 1000 * (i + 1) + torch.arange(length)
    return ids, (ids > 0).long()


def drawn_lengths(number: int, low: int, high: int) -> list[int]:
    return np.random.default_rng(0).integers(low, high + 1, number).tolist()


@pytest.mark.parametrize('max_texts', [1, 7, 64, 10000])
@pytest.mark.parametrize('low, high', [(3, 20), (12, 100), (5, 5)])
def test_text_batches__each_text_once_and_little_padding(
    max_texts: int, low: int, high: int
) -> None:
    lengths = drawn_lengths(500, low, high)
    ids, mask = bank(lengths)
    batches = make_text_batches(ids, mask, max_texts)
    inds = torch.cat([batch.inds for batch in batches])
    assert inds.sort().values.tolist() == list(range(500))
    padded = 0
    for batch in batches:
        assert len(batch.inds) <= max_texts
        for row, i in enumerate(batch.inds.tolist()):
            tokens = batch.input_ids[row].tolist()
            assert tokens[: lengths[i]] == ids[i, : lengths[i]].tolist()
            assert set(tokens[lengths[i] :]) <= {0}
            if batch.attention_mask is None:
                assert len(tokens) == lengths[i]
            else:
                assert batch.attention_mask.dtype == torch.bool
                assert batch.attention_mask[row].sum() == lengths[i]
            padded += len(tokens)
    assert padded - sum(lengths) <= 0.05 * padded


def test_text_batches__by_hand() -> None:
    ids, mask = bank([20, 3, 19, 3, 20, 4])
    batches = make_text_batches(ids, mask, 3)
    # With the text of 4, 1 of 4 tokens would be padding; with 20, 1 of 60.
    assert [batch.inds.tolist() for batch in batches] == [
        [1, 3],
        [5],
        [2, 0, 4],
    ]
    assert [b.attention_mask is None for b in batches] == [True, True, False]
    batches = make_text_batches(ids, mask, 3, max_padding=0.0)
    assert [len(batch.inds) for batch in batches] == [2, 1, 1, 2]
    batches = make_text_batches(ids, mask, 6, max_padding=1.0)
    assert [batch.inds.tolist() for batch in batches] == [[1, 3, 5, 2, 0, 4]]


def test_text_batches__no_texts() -> None:
    assert make_text_batches(*bank([]), 4) == []


def test_text_batches__wrong_arguments() -> None:
    ids, mask = bank([2, 4])
    with pytest.raises(ValueError, match='got 0'):
        make_text_batches(ids, mask, 0)
    with pytest.raises(ValueError, match=r'got 1\.5'):
        make_text_batches(ids, mask, 4, max_padding=1.5)
    with pytest.raises(ValueError, match=r'text 1 is \[0, 1, 1, 1\]'):
        make_text_batches(ids, torch.tensor([[1, 1, 0, 0], [0, 1, 1, 1]]), 4)
    with pytest.raises(ValueError, match=r'text 0 is \[0, 0, 0, 0\]'):
        make_text_batches(ids, torch.zeros_like(mask), 4)
