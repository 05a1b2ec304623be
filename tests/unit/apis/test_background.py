# Copyright (c) clipbert_mm contributors.
"""Tests of the comparison with unrelated videos, against simulation."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import expon

from clipbert_mm.apis.background import (
    Background,
    chance_of_best,
    check_unrelated,
    compare_with_unrelated,
)
from clipbert_mm.weights.calibration import Calibration

# Quantiles of log odds that are exponential above -10.
UNRELATED = np.float32(
    expit(expon(-10, 1.5).ppf(np.linspace(0, 1, 2001)[1:-1]))
)


@pytest.mark.parametrize('number', [1, 5, 50])
@pytest.mark.parametrize('best', [-8.0, -4.0, -1.0])
def test_chance_of_best__is_that_of_drawn_maxima(
    number: int, best: float
) -> None:
    scores = np.full(number, expit(best), np.float32)
    scores[1:] /= 2
    rng = np.random.default_rng(1)
    maxima = rng.exponential(1.5, (20_000, number)).max(1) - 10
    assert chance_of_best(scores, UNRELATED) == pytest.approx(
        (maxima >= best).mean(), abs=0.03
    )


def test_chance_of_best__below_the_background_and_above() -> None:
    unrelated = np.float32([0.1, 0.2, 0.3, 0.4])
    assert chance_of_best(np.float32([0.001]), unrelated) == 1
    assert chance_of_best(np.float32([0.9, 0.1]), unrelated) < 0.05


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('best, chance', [(0.7, 0), (0.5, 0.6), (0.3, 1)])
def test_chance_of_best__equal_unrelated_videos(
    best: float, chance: float
) -> None:
    scores = np.float32([best, best])
    unrelated = np.full(10, 0.5, np.float32)
    assert chance_of_best(scores, unrelated) == pytest.approx(chance, abs=1e-2)


def test_compare_with_unrelated__calibrates_the_scores_alone() -> None:
    scores, unrelated = np.float32([0.6, 0.2]), np.float32([0.5, 0.1, 0.3])
    plain = compare_with_unrelated(scores, unrelated, None)
    other = compare_with_unrelated(scores, unrelated, Calibration(1.0, -2.0))
    np.testing.assert_array_equal(plain.scores, unrelated)
    odds = unrelated / (1 - unrelated) * np.exp(-2)
    np.testing.assert_allclose(other.scores, odds / (1 + odds), rtol=1e-6)
    assert plain.chance == other.chance == chance_of_best(scores, unrelated)


def test_background__explains_best_above_five_percent() -> None:
    assert Background(UNRELATED, 0.051).explains_best
    assert not Background(UNRELATED, 0.05).explains_best


def test_check_unrelated__needs_ten() -> None:
    check_unrelated(10)
    with pytest.raises(ValueError, match='10 readable videos .* but got 9'):
        check_unrelated(9)
