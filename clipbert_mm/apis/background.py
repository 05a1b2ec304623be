# Copyright (c) clipbert_mm contributors.
"""Whether a query's best video stands out from videos that don't show it."""

import dataclasses
import math

import numpy as np

from clipbert_mm.weights.calibration import (
    Calibration,
    apply_calibration,
    log_odds,
)

#: Probability above which chance explains the best score.
MOST_CHANCE = 0.05
#: Videos that an estimate of the chance needs; 100 make it good.
LEAST_UNRELATED = 10

# Log odds, so that equal videos have a spread too.
_LEAST_SPREAD = 1e-6


@dataclasses.dataclass(frozen=True, eq=False)
class Background:
    """Scores of a query with unrelated videos.

    Args:
        scores (np.ndarray): Scores of the unrelated videos, float32 ``(B,)``.
        chance (float): Probability that the best of as many unrelated videos
            as there are documents scores as high as the best document, see
            :func:`chance_of_best`.
    """

    scores: np.ndarray
    chance: float

    @property
    def explains_best(self) -> bool:
        """Whether the best document may well be another unrelated video."""
        return self.chance > MOST_CHANCE


def compare_with_unrelated(
    scores: np.ndarray, unrelated: np.ndarray, calibration: Calibration | None
) -> Background:
    """Compare the scores of documents with those of unrelated videos.

    Args:
        scores (np.ndarray): Scores of N documents with a query, before
            calibration, ``(N,)``.
        unrelated (np.ndarray): Those of B unrelated videos, ``(B,)``.
        calibration (Calibration | None): Calibration of the result.

    Returns:
        Background: The comparison.
    """
    return Background(
        apply_calibration(unrelated, calibration),
        chance_of_best(scores, unrelated),
    )


def chance_of_best(scores: np.ndarray, unrelated: np.ndarray) -> float:
    """Return how probable a best score is if no document shows the query.

    The log odds of unrelated videos pile up where the model is sure, with a
    tail of videos that are nearly right. So they are taken to be exponential
    with the mean and the standard deviation of the sample: one of them lies
    ``z`` deviations above the mean with the probability ``exp(-1 - z)``. A
    normal distribution, whose tail is shorter, misses nearly twice as many
    queries that nothing shows (``tools.benchmarks.nothing_matches``).

    Args:
        scores (np.ndarray): Scores of N documents, ``(N,)``.
        unrelated (np.ndarray): Scores of B >= 2 unrelated videos, ``(B,)``.

    Returns:
        float: Probability that the best of N unrelated videos scores as high
        as the best document.

    Example:
        >>> unrelated = np.array([0.01, 0.02, 0.01, 0.1])
        >>> round(chance_of_best(np.array([0.3, 0.01]), unrelated), 2)
        0.05
    """
    sample = log_odds(unrelated)
    excess = log_odds(scores).max() - sample.mean()
    spread = max(sample.std(ddof=1), _LEAST_SPREAD)
    above = math.exp(-max(0.0, 1 + excess / spread))
    return 1.0 if above == 1 else -math.expm1(len(scores) * math.log1p(-above))


def check_unrelated(number: int) -> None:
    """Raise unless there are enough unrelated videos.

    Args:
        number (int): Number of readable ones.

    Raises:
        ValueError: If they are too few for an estimate.
    """
    if number < LEAST_UNRELATED:
        raise ValueError(
            f'unrelated must hold {LEAST_UNRELATED} readable videos or more, '
            f'better 100, but got {number}.'
        )
