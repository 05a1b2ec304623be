# Copyright (c) clipbert_mm contributors.
"""The benchmark of candidates, in small."""

import numpy as np
import pytest
import torch

from clipbert_mm.library.distilling import train
from tools.benchmarks.candidates import (
    ask_anchors,
    guess_scores,
    main,
    pool_cells,
    recall,
)

pytest.importorskip('lancedb', reason='the extra search is not installed')


def test_candidates__prints_its_tables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, '__defaults__', (2,))
    main(
        [
            *('--videos', '6', '--clips', '2'),
            *('--queries', '3', '--training', '10'),
        ]
    )
    lines = capsys.readouterr().out.splitlines()
    rows = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in lines
        if line.startswith('|')
    ]
    tiers = {row[0]: row for row in rows}
    assert tiers['exact'][1:4] == ['100', '100', '100']
    # All videos are candidates.
    assert tiers['student'][1:6] == tiers['exact'][1:6]
    assert tiers['exact'][5] == '12'
    assert tiers['cascade'][5] == '24'


def test_guess_scores__of_a_mixture_are_exact() -> None:
    rng = np.random.default_rng(0)
    others = rng.normal(size=(4, 3)) @ rng.normal(size=(3, 30))  # rank 3
    own = np.array([0.5, -1, 2, 0]) @ others
    guess = guess_scores(others, [1, 5, 8, 20], own[[1, 5, 8, 20]])
    np.testing.assert_allclose(guess, own, atol=1e-8)


def test_ask_anchors__finds_the_best_of_a_mixture() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(12, 3)) @ rng.normal(size=(3, 400))
    for kept, own in zip(ask_anchors(logits, 5), logits):
        assert len(set(kept)) == 50
        assert kept[0] == own.argmax()
    assert recall(logits, ask_anchors(logits, 5), 1) == 100


def test_pool_cells__means_of_blocks() -> None:
    tokens = torch.randn(2, 16, 3)
    pooled = pool_cells(tokens, 2)
    assert pooled.shape == (2, 4, 3)
    wanted = tokens[1, [2, 3, 6, 7]].mean(0)  # the block at the upper right
    torch.testing.assert_close(pooled[1, 1], wanted)
