# Copyright (c) clipbert_mm contributors.
"""Tests of the description of scores; test_main.py runs the rest."""

import numpy as np

from clipbert_mm.quickstart.demo.retrieval import describe_scores


def test_describe_scores__pairs_above_half() -> None:
    scores = np.array([[0.9, 0.6, 0.0], [0.1, 0.8, 0.2], [0.0, 0.0, 0.4]])
    text = describe_scores(scores)
    assert 'matching pairs score 0.700 on average and others 0.150.' in text
    assert 'Of the 3 pairs that score above 0.5, 2 match, of 3' in text
