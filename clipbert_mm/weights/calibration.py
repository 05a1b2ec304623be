# Copyright (c) clipbert_mm contributors.
"""Calibration of match scores, and its file in an exported model."""

import dataclasses
import json
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from clipbert_mm.utils.checks import check_number
from clipbert_mm.utils.whole_files import write_whole

from .exported_settings import read_object
from .safe_settings import UnsafeSettingsError

#: Name in the folder of an exported model, which need not have it.
CALIBRATION_FILE = 'calibration.json'

_MOST_BYTES = 4096
# Scores are float32: below and above these they are 0 and 1.
_LEAST, _MOST = float(np.finfo(np.float32).tiny), 1 - 2.0**-25


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Scale and bias that turn match scores into probabilities.

    A score ``p`` becomes ``sigmoid(scale * log(p / (1 - p)) + bias)``, as in
    `Platt scaling <https://en.wikipedia.org/wiki/Platt_scaling>`_, so the
    order of scores stays.

    Args:
        scale (float): Factor of the log odds, > 0, the inverse of a
            temperature.
        bias (float): Log odds that are added.

    Raises:
        ValueError: If a value is not finite, or the scale not positive.

    Example:
        >>> apply_calibration(np.array([0.5, 0.9]), Calibration(0.5, 0.0))
        array([0.5 , 0.75], dtype=float32)
    """

    scale: float
    bias: float

    def __post_init__(self) -> None:
        check_number('scale', self.scale)
        check_number('bias', self.bias)
        if self.scale <= 0:
            raise ValueError(f'scale must be > 0, but got {self.scale!r}.')


def apply_calibration(
    scores: np.ndarray, calibration: Calibration | None
) -> np.ndarray:
    """Return calibrated scores.

    Args:
        scores (np.ndarray): Match scores in [0, 1], of any shape; NaN stays.
        calibration (Calibration | None): The calibration; None for none.

    Returns:
        np.ndarray: Scores of the same shape, float32 if they are calibrated.
    """
    if calibration is None:
        return scores
    logits = calibration.scale * log_odds(scores) + calibration.bias
    return expit(logits).astype(np.float32)


def log_odds(scores: np.ndarray) -> np.ndarray:
    """Return the log odds of scores, finite for 0 and 1 too.

    Args:
        scores (np.ndarray): float32 scores in [0, 1], of any shape.

    Returns:
        np.ndarray: float64, of the same shape.

    Example:
        >>> log_odds(np.array([0.5, 0.0])).round(1)
        array([  0. , -87.3])
    """
    return logit(np.clip(np.asarray(scores, np.float64), _LEAST, _MOST))


def read_calibration(folder: Path) -> Calibration | None:
    """Read the calibration of an exported model.

    Args:
        folder (Path): Folder of the model.

    Returns:
        Calibration | None: That of its ``calibration.json``, or None.

    Raises:
        UnsafeSettingsError: If the file is not one that
            :func:`write_calibration` could have written.
    """
    path = folder / CALIBRATION_FILE
    if not path.is_file():
        return None
    try:
        values = read_object(path, _MOST_BYTES)
        if values.keys() != {'scale', 'bias'}:
            raise ValueError(
                'expected scale and bias, but got '
                f'{", ".join(map(repr, values)) or "nothing":.80}.'
            )
        return Calibration(**values)
    except ValueError as error:
        raise UnsafeSettingsError(
            f'{path}: {error} Calibrate the model again, or remove the file.'
        ) from error


def write_calibration(folder: Path, calibration: Calibration | None) -> None:
    """Write the calibration of an exported model.

    Args:
        folder (Path): Folder of the model.
        calibration (Calibration | None): The calibration; None removes the
            file.
    """
    path = folder / CALIBRATION_FILE
    if calibration is None:
        path.unlink(missing_ok=True)
    else:
        values = dataclasses.asdict(calibration)
        write_whole(path, json.dumps(values, indent=1) + '\n')
