# Copyright (c) clipbert_mm contributors.
"""Tests of fitting calibrations, against the gradient of PyTorch's loss."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clipbert_mm.apis.calibrating import check_labels, fit_calibration
from clipbert_mm.weights.calibration import Calibration


def slopes(
    scores: np.ndarray, matches: np.ndarray, found: Calibration
) -> list[float]:
    """Return the slopes of Platt's loss, a mean over pairs."""
    ones, zeros = int(matches.sum()), int((~matches).sum())
    targets = [
        (ones + 1) / (ones + 2) if match else 1 / (zeros + 2)
        for match in matches
    ]
    weights = torch.tensor([found.scale, found.bias]).double()
    weights.requires_grad_()
    logits = torch.logit(torch.from_numpy(scores).double())
    F.binary_cross_entropy_with_logits(
        weights[0] * logits + weights[1], torch.tensor(targets).double()
    ).backward()
    return weights.grad.tolist()


@pytest.mark.parametrize('seed', range(5))
def test_fit_calibration__is_the_minimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(-4, 3, 200)
    scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
    matches = rng.random(200) < 1 / (1 + np.exp(-(0.5 * logits + 1)))
    found = fit_calibration(scores, matches)
    assert slopes(scores, matches, found) == pytest.approx([0, 0], abs=1e-6)
    # The curve that the labels were drawn from.
    assert found.scale == pytest.approx(0.5, abs=0.25)
    assert found.bias == pytest.approx(1, abs=1)


@pytest.mark.parametrize('gap', [0.01, 0.4, 0.49999])
def test_fit_calibration__separated_pairs(gap: float) -> None:
    scores = np.float32([0.5 - gap] * 3 + [0.5 + gap] * 5)
    matches = np.array([False] * 3 + [True] * 5)
    found = fit_calibration(scores, matches)
    assert slopes(scores, matches, found) == pytest.approx([0, 0], abs=1e-6)
    # With one score for each kind, the curve goes through their targets.
    low, high = torch.logit(torch.from_numpy(scores[[0, -1]]).double())
    assert found.scale * high + found.bias == pytest.approx(np.log(6))
    assert found.scale * low + found.bias == pytest.approx(-np.log(4))


def test_fit_calibration__certain_scores_and_one_match() -> None:
    scores = np.float32([0, 0, 0, 1])
    found = fit_calibration(scores, scores == 1)
    assert 0 < found.scale < 1
    assert np.isfinite(found.bias)


def test_fit_calibration__leaves_out_nan() -> None:
    scores = np.float32([0.9, np.nan, 0.4, 0.6, np.nan])
    matches = np.array([True, True, False, False, False])
    assert fit_calibration(scores, matches) == fit_calibration(
        scores[[0, 2, 3]], matches[[0, 2, 3]]
    )


@pytest.mark.parametrize(
    'scores, matches, message',
    [
        ([0.5, 0.5], [1, 0], 'must differ in their scores, but all score 0.5'),
        ([0.2, 0.8], [1, 0], r'those score lower .*fitted scale -'),
        ([0.2, 0.8], [1, 1], 'both 1 .a match. and 0, but all 2 are 1'),
        ([0.2, np.nan], [0, 1], 'both 1 .a match. and 0, but all 1 are 0'),
    ],
)
def test_fit_calibration__refuses(
    scores: list, matches: list, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit_calibration(np.float32(scores), np.array(matches, bool))


@pytest.mark.parametrize(
    'labels',
    [
        [1, 0, True],
        (True, False, True),
        [1.0, 0.0, 1.0],
        np.array([1, 0, 1]),
        np.array([True, False, True]),
        [np.int64(1), np.bool_(False), np.float32(1)],
        torch.tensor([1, 0, 1]),
        iter([1, 0, 1]),
    ],
)
def test_check_labels__accepts(labels: Any) -> None:
    found = check_labels(labels, 3)
    assert found.dtype == bool
    assert found.tolist() == [True, False, True]


@pytest.mark.parametrize(
    'labels, message',
    [
        ([1, 0], 'one for each of the 3 pairs, but got 2'),
        ([], 'one for each of the 3 pairs, but got 0'),
        ([1, 0, 2], r'labels\[2\] must be 1 for a match, else 0, but got 2'),
        ([1, 0, -1], r'labels\[2\] must be .* got -1'),
        ([1, 0, 0.5], r'labels\[2\] must be .* got 0.5'),
        ([1, 0, np.nan], r'labels\[2\] must be .* got nan'),
        ([1, 0, '1'], r"labels\[2\] must be .* got '1'"),
        ([1, 0, None], r'labels\[2\] must be .* got None'),
        (np.eye(3), r'labels\[0\] must be .* got \[1.0'),
        ([1, 1, 1], 'both 1 .a match. and 0, but all 3 are 1'),
        ([0, False, 0], 'both 1 .a match. and 0, but all 3 are 0'),
    ],
)
def test_check_labels__wrong_values(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_labels(labels, 3)


@pytest.mark.parametrize('labels', [None, 1, '101', b'101', {1: 0}])
def test_check_labels__wrong_types(labels: Any) -> None:
    with pytest.raises(TypeError, match='labels must be a list of 0 and 1'):
        check_labels(labels, 3)
