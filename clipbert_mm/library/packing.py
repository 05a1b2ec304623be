# Copyright (c) clipbert_mm contributors.
"""Visual tokens as bytes: half precision, or 8 bits with a scale a token."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from clipbert_mm.utils.checks import check_choice

PRECISIONS = ('float16', 'int8')
_SCALE = np.dtype('<f4')


def pack_tokens(tokens: Tensor, precision: str) -> list[bytes]:
    """Return the tokens of each clip as bytes.

    Args:
        tokens (Tensor): float32 ``(C, V, D)``.
        precision (str): ``'float16'``; or ``'int8'``: each token is divided
            by its largest absolute value and rounded to 127 steps.

    Returns:
        list[bytes]: C strings, of ``2 V D`` or ``V (D + 4)`` bytes.

    Raises:
        ValueError: If a number is too large for half precision, or not
            finite, or the precision is unknown.

    Example:
        >>> len(pack_tokens(torch.zeros(1, 2, 8), 'float16')[0])
        32
        >>> len(pack_tokens(torch.zeros(1, 2, 8), 'int8')[0])
        24
    """
    check_choice('precision', precision, PRECISIONS)
    values = tokens.numpy()
    if precision == 'float16':
        with np.errstate(over='ignore'):
            values = values.astype('<f2')
    if not np.isfinite(values).all():
        raise ValueError(
            'Visual tokens must be finite, and at most 65504 in half '
            "precision. Use precision='int8', or look at the weights."
        )
    if precision == 'float16':
        return [clip.tobytes() for clip in values]
    scales = np.abs(values).max(-1, keepdims=True) / 127
    steps = np.rint(values / np.where(scales == 0, 1, scales)).astype(np.int8)
    return [
        scale.astype(_SCALE).tobytes() + clip.tobytes()
        for scale, clip in zip(scales, steps)
    ]


def unpack_tokens(
    clips: Sequence[bytes], tokens: int, width: int, precision: str
) -> Tensor:
    """Return the tokens of clips that :func:`pack_tokens` packed.

    Args:
        clips (Sequence[bytes]): C strings.
        tokens (int): V, tokens of a clip.
        width (int): D, numbers of a token.
        precision (str): ``'float16'`` or ``'int8'``.

    Returns:
        Tensor: float32 ``(C, V, D)``.

    Raises:
        ValueError: If a string has another length.

    Example:
        >>> packed = pack_tokens(torch.ones(3, 2, 8), 'int8')
        >>> unpack_tokens(packed, 2, 8, 'int8').sum()
        tensor(48.)
    """
    size = tokens * (2 * width if precision == 'float16' else width + 4)
    wrong = next((clip for clip in clips if len(clip) != size), None)
    if wrong is not None:
        raise ValueError(
            f'expected {size} bytes for a clip, but got {len(wrong)}.'
        )
    joined = b''.join(clips)
    if precision == 'float16':
        values = np.frombuffer(joined, '<f2').astype(np.float32)
        return torch.from_numpy(values.reshape(-1, tokens, width))
    raw = np.frombuffer(joined, np.uint8).reshape(-1, size)
    scales = np.ascontiguousarray(raw[:, : 4 * tokens]).view(_SCALE)
    steps = raw[:, 4 * tokens :].view(np.int8).reshape(-1, tokens, width)
    return torch.from_numpy(steps * scales[..., None].astype(np.float32))
