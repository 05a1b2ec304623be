# Copyright (c) clipbert_mm contributors.
"""Ranges of the activations of a CNN on sample clips, to quantise it."""

from collections.abc import Iterable

import numpy as np
from torch import Tensor

from clipbert_mm.models.clipbert import ClipBERT

from .grid_graph import range_graph
from .onnx_matcher import open_session


def activation_ranges(model: ClipBERT, videos: Iterable[Tensor]) -> np.ndarray:
    """Return the smallest and largest value of each activation.

    Args:
        model (ClipBERT): Model in evaluation mode, on the CPU.
        videos (Iterable[Tensor]): Videos like those that it will encode,
            float32 ``(C, ch, T, H, W)``, normalised. A few dozen will do.

    Returns:
        np.ndarray: float32 ``(P, 2)``, zero in every range, for
        :func:`grid_graph`.

    Raises:
        ImportError: If ``onnx`` or ``onnxruntime`` is not installed.
        ValueError: If there are no videos, or the model has another backbone
            or neck.

    Example:
        >>> ranges = activation_ranges(model, videos)  # doctest: +SKIP
        >>> graph = grid_graph(model, ranges=ranges)  # doctest: +SKIP
    """
    session = open_session(range_graph(model))
    found = [
        session.run(['ranges'], dict(frames=clip[None].numpy()))[0]
        for clips in videos
        for clip in clips
    ]
    if not found:
        raise ValueError(
            'The ranges of activations need one video or more, but got none.'
        )
    ends = np.stack(found)
    low = np.minimum(ends[..., 0].min(0), 0)
    # An activation that is zero everywhere has any range.
    high = np.maximum(ends[..., 1].max(0), low + np.float32(1e-6))
    return np.stack([low, np.maximum(high, 0)], 1)
