# Copyright (c) clipbert_mm contributors.
"""Fit a calibration to scores of pairs that are known to match or not."""

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from scipy.special import expit

from clipbert_mm.weights.calibration import Calibration, log_odds

_MOST_STEPS = 100


def check_labels(labels: Any, number: int) -> np.ndarray:
    """Return labels of pairs as an array.

    Args:
        labels (Any): Iterable of 0, 1, False and True.
        number (int): Number of pairs.

    Returns:
        np.ndarray: bool ``(number,)``.

    Raises:
        TypeError: If they are not an iterable.
        ValueError: If their number is another, one is something else, or all
            are equal.

    Example:
        >>> check_labels([1, False], 2)
        array([ True, False])
    """
    values = labels.tolist() if hasattr(labels, 'tolist') else labels
    if isinstance(values, (str, bytes, dict)) or not isinstance(
        values, Iterable
    ):
        raise TypeError(
            'labels must be a list of 0 and 1, one for each pair, but got '
            f'{labels!r:.80} ({type(labels).__name__}).'
        )
    found = list(values)
    if len(found) != number:
        raise ValueError(
            f'labels must be one for each of the {number} pairs, but got '
            f'{len(found)}.'
        )
    for position, label in enumerate(found):
        if not isinstance(label, (Real, np.bool_)) or label not in (0, 1):
            raise ValueError(
                f'labels[{position}] must be 1 for a match, else 0, but got '
                f'{label!r:.40}.'
            )
    matches = np.array(found, bool)
    _check_both(matches)
    return matches


def fit_calibration(scores: np.ndarray, matches: np.ndarray) -> Calibration:
    """Return the most likely calibration.

    As `Platt <https://en.wikipedia.org/wiki/Platt_scaling>`_ proposes, the
    likelihood is that of ``(n + 1) / (n + 2)`` for n matching pairs and
    ``1 / (m + 2)`` for m others instead of 1 and 0. So it has a maximum
    even where a threshold separates them.

    Args:
        scores (np.ndarray): Scores of P pairs before calibration, ``(P,)``;
            NaN for pairs that are left out.
        matches (np.ndarray): Whether a pair matches, bool ``(P,)``.

    Returns:
        Calibration: Scale and bias.

    Raises:
        ValueError: If all pairs match or none does, all score the same, or
            those that match score lower.

    Example:
        >>> scores = np.array([0.9, 0.8, 0.6, 0.4, 0.7, 0.2])
        >>> found = fit_calibration(scores, np.array([1, 1, 0, 1, 0, 0], bool))
        >>> round(found.scale, 2), round(found.bias, 2)
        (0.51, -0.26)
    """
    known = ~np.isnan(scores)
    evidence, matches = log_odds(scores[known]), matches[known]
    _check_both(matches)
    mean, spread = evidence.mean(), evidence.std()
    if spread == 0:
        raise ValueError(
            'pairs must differ in their scores, but all score '
            f'{scores[known][0]:.4g}. Pass other pairs.'
        )
    number = matches.sum()
    high = (number + 1) / (number + 2)
    low = 1 / (len(matches) - number + 2)
    slope, offset = _most_likely(
        (evidence - mean) / spread, np.where(matches, high, low)
    )
    scale = float(slope / spread)
    if scale <= 0:
        raise ValueError(
            'labels must be 1 for pairs that match, but those score lower '
            f'than the others (fitted scale {scale:.3g}). Check the labels, '
            'or train the model.'
        )
    return Calibration(scale, float(offset - scale * mean))


def _check_both(matches: np.ndarray) -> None:
    if matches.all() or not matches.any():
        raise ValueError(
            'labels must hold both 1 (a match) and 0, but all '
            f'{len(matches)} are {int(matches.any())}.'
        )


def _most_likely(inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return slope and offset of a logistic regression, by Newton steps."""
    columns = np.stack([inputs, np.ones_like(inputs)], 1)

    def loss(weights: np.ndarray) -> float:
        logits = columns @ weights
        return float((np.logaddexp(0, logits) - targets * logits).sum())

    weights = np.zeros(2)
    for _ in range(_MOST_STEPS):
        found = expit(columns @ weights)
        gradient = columns.T @ (found - targets)
        curvature = (columns.T * (found * (1 - found))) @ columns
        step = np.linalg.solve(curvature, gradient)
        while loss(weights - step) > loss(weights):
            step /= 2  # to zero, at the minimum
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    return weights
