# Copyright (c) clipbert_mm contributors.
"""The benchmark of "nothing matches", in small, and its numbers."""

import re

import numpy as np
import pytest

from clipbert_mm.apis import Calibration
from clipbert_mm.quickstart.corpus.scene_captions import read_caption
from clipbert_mm.quickstart.corpus.scenes import all_combinations
from tools.benchmarks import nothing_matches


def test_nothing_matches__prints_every_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing_matches.main(['--quick'])
    shown = capsys.readouterr().out
    assert re.search(r'^Calibration\(scale=[\d.]+, bias=', shown, re.M)
    assert '6 queries that no document shows, 6 that one of 3 shows' in shown
    rules = re.findall(r'^\| (min_score|\d+)', shown, re.M)
    assert rules == ['min_score'] * 3 + ['3', '6', '12', '12']


def test_rows__count_reports() -> None:
    # Queries 0 and 1 are of nothing; 2 and 3 of the first document.
    documents = np.float32([[0.1, 0.6, 0.9, 0.3], [0.2, 0.1, 0.1, 0.1]])
    unrelated = np.tile(np.float32([[0.1], [0.2], [0.1], [0.1]]), (3, 4))
    absent = np.array([True, True, False, False])
    scores = nothing_matches.Scores(
        documents, unrelated, absent, Calibration(1.0, 2.0)
    )
    found = {row[0]: row[1:] for row in nothing_matches.rows(scores)}
    assert found['min_score 0.5'] == [1, 1, 50.0, 50.0]
    # A score above 1 / (1 + e**2) is now above 0.5.
    assert found['min_score 0.5 after calibration'] == [0, 0, 0.0, 0.0]
    assert found['min_score 0.3, the best in hindsight'] == [1, 0, 100, 50]
    # Of the unrelated videos, a quarter score 0.2 too, and none 0.3.
    assert found['12 unrelated videos'] == [1, 0, 100.0, 50.0]


def test_describe__has_different_captions_of_the_combination() -> None:
    rng = np.random.default_rng(0)
    for combination in all_combinations()[::100]:
        texts = nothing_matches.describe(combination, 5, rng)
        assert len(set(texts)) == 5
        assert {read_caption(text) for text in texts} == {combination}
