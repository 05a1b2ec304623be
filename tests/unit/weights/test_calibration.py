# Copyright (c) clipbert_mm contributors.
"""Tests of calibrations and their file."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.weights import UnsafeSettingsError
from clipbert_mm.weights.calibration import (
    Calibration,
    apply_calibration,
    log_odds,
    read_calibration,
    write_calibration,
)

FITTED = Calibration(0.4, -1.5)


def test_apply_calibration__equals_torch() -> None:
    scores = np.random.default_rng(0).random((3, 4)).astype(np.float32)
    found = apply_calibration(scores, FITTED)
    logits = torch.logit(torch.from_numpy(scores).double())
    expected = torch.sigmoid(FITTED.scale * logits + FITTED.bias)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_apply_calibration__none_and_identity_change_nothing() -> None:
    scores = np.float32([0, 1e-30, 0.3, 1 - 2**-20, 1])
    assert apply_calibration(scores, None) is scores
    found = apply_calibration(scores, Calibration(1.0, 0.0))
    np.testing.assert_allclose(found, scores, rtol=1e-6, atol=1e-37)


@pytest.mark.filterwarnings('error')
def test_apply_calibration__keeps_nan_and_certainty() -> None:
    found = apply_calibration(np.float32([np.nan, 0, 1]), Calibration(9.0, 3))
    assert np.isnan(found[0])
    assert found[1:].tolist() == [0, 1]


@pytest.mark.parametrize('value', [0.0, 1.0])
def test_log_odds__is_finite_at_the_ends(value: float) -> None:
    assert np.isfinite(log_odds(np.float32(value)))


@pytest.mark.parametrize(
    'values, message',
    [
        ((0.0, 0.0), 'scale must be > 0, but got 0.0'),
        ((-1.0, 0.0), 'scale must be > 0, but got -1.0'),
        ((math.nan, 0.0), 'scale must be a finite number, but got nan'),
        ((1.0, math.inf), 'bias must be a finite number, but got inf'),
        ((True, 0.0), 'scale must be a finite number, but got True'),
        ((1.0, '0'), "bias must be a finite number, but got '0'"),
    ],
)
def test_calibration__refuses(values: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Calibration(*values)


def test_write_calibration__is_read_back_or_removed(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) is None
    write_calibration(tmp_path, FITTED)
    assert read_calibration(tmp_path) == FITTED
    values = json.loads((tmp_path / 'calibration.json').read_text())
    assert values == dict(scale=0.4, bias=-1.5)
    for _ in range(2):
        write_calibration(tmp_path, None)
        assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    'content, reason',
    [
        ('{"scale": 1, "bias": NaN}', 'bias must be a finite number'),
        ('{"scale": 1e999, "bias": 0}', 'scale must be a finite number'),
        ('{"scale": 1%s, "bias": 0}' % ('0' * 400), 'must be a finite number'),
        ('{"scale": 0, "bias": 0}', 'scale must be > 0, but got 0.'),
        ('{"scale": "1", "bias": 0}', 'scale must be a finite number'),
        ('{"scale": true, "bias": 0}', 'scale must be a finite number'),
        ('{"scale": 1}', "expected scale and bias, but got 'scale'."),
        ('{}', 'expected scale and bias, but got nothing.'),
        ('{"scale": 1, "bias": 0, "a": 1}', "got 'scale', 'bias', 'a'."),
        ('{"scale": 1, "scale": 2, "bias": 0}', "'scale' is repeated"),
        ('[1, 0]', 'expected a JSON object, but got list'),
        ('{"scale": 1', 'expected JSON'),
        ('', 'expected JSON'),
        ('{"scale": 1, "bias": 0}' + ' ' * 4096, 'at most 4096 bytes'),
    ],
)
def test_read_calibration__refuses(
    tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / 'calibration.json'
    path.write_text(content)
    with pytest.raises(UnsafeSettingsError) as caught:
        read_calibration(tmp_path)
    assert str(caught.value).startswith(f'{path}: ')
    assert reason in str(caught.value)
