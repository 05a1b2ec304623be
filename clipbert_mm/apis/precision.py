# Copyright (c) clipbert_mm contributors.
"""Precisions of a trained model, and the matchers that compute in them."""

from pathlib import Path

from clipbert_mm.models import ClipBERT
from clipbert_mm.models.onnx.onnx_matcher import OnnxMatcher
from clipbert_mm.models.pair_scorer import AUTOCAST_DTYPES, PairMatcher
from clipbert_mm.utils.checks import check_choice
from clipbert_mm.weights.onnx_files import read_int8_graphs

INT8 = 'int8'
PRECISIONS = (*AUTOCAST_DTYPES, INT8)


def check_precision(precision: str | None) -> None:
    """Raise unless a precision is known.

    Args:
        precision (str | None): Precision; None is single precision.

    Raises:
        ValueError: If it is unknown.

    Example:
        >>> check_precision('int4')
        Traceback (most recent call last):
        ValueError: precision must be one of ['bfloat16', 'float16', 'int8'], \
but got 'int4'.
    """
    if precision is not None:
        check_choice('precision', precision, PRECISIONS)


def make_matcher(
    model: ClipBERT, precision: str | None, folder: str | Path | None
) -> PairMatcher:
    """Return what matches pairs in a precision.

    Args:
        model (ClipBERT): Model in evaluation mode, on its device.
        precision (str | None): One of :data:`PRECISIONS`, or None.
        folder (str | Path | None): Folder of the exported model, if it is
            one.

    Returns:
        PairMatcher: The model, or for ``'int8'`` an :class:`OnnxMatcher`.

    Raises:
        ImportError: If ``'int8'`` lacks ONNX Runtime.
        ValueError: If ``precision`` is unknown, or ``'int8'`` on a GPU.
    """
    check_precision(precision)
    if precision != INT8:
        return model
    return OnnxMatcher(model, *read_int8_graphs(folder, model))


def autocast_of(precision: str | None) -> str | None:
    """Return the option ``autocast`` of :class:`PairScorer`.

    Args:
        precision (str | None): One of :data:`PRECISIONS`, or None.

    Returns:
        str | None: The precision, if PyTorch computes in it.

    Example:
        >>> autocast_of('bfloat16'), autocast_of('int8')
        ('bfloat16', None)
    """
    return precision if precision in AUTOCAST_DTYPES else None
