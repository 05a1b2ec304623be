# Copyright (c) clipbert_mm contributors.
"""Find weights that are NaN or infinite."""

from collections.abc import Mapping

import torch
from torch import Tensor

_MOST_NAMES = 3


class NonFiniteError(ValueError):
    """Weights or losses that are NaN or infinite."""


def find_non_finite(tensors: Mapping[str, Tensor]) -> list[str]:
    """Return the names of the tensors that are not finite.

    Args:
        tensors (Mapping[str, Tensor]): Tensors by name, on any device.

    Returns:
        list[str]: Names of floating-point tensors with a NaN or an infinite
        value.

    Example:
        >>> find_non_finite(dict(a=torch.ones(2), b=torch.tensor([torch.inf])))
        ['b']
    """
    flags = {
        name: _is_finite(value)
        for name, value in tensors.items()
        if value.is_floating_point() or value.is_complex()
    }
    if not flags:
        return []
    # One copy from each device instead of one for each tensor.
    devices: dict[torch.device, list[str]] = {}
    for name, flag in flags.items():
        devices.setdefault(flag.device, []).append(name)
    bad = {
        name
        for names in devices.values()
        for name, finite in zip(
            names, torch.stack([flags[n] for n in names]).tolist()
        )
        if not finite
    }
    return [name for name in flags if name in bad]


def _is_finite(value: Tensor) -> Tensor:
    """Return a boolean tensor without dimensions."""
    value = value.detach()
    if value.is_floating_point() and value.element_size() == 1:
        value = value.float()  # few operations know 8-bit types
    return torch.isfinite(value).all()


def check_finite(tensors: Mapping[str, Tensor], source: str) -> None:
    """Raise unless all tensors are finite.

    Args:
        tensors (Mapping[str, Tensor]): Tensors by name.
        source (str): Description of their origin, which begins the message.

    Raises:
        NonFiniteError: If a tensor has a NaN or an infinite value.

    Example:
        >>> check_finite(dict(a=torch.tensor([torch.nan])), "'best.pth'")
        Traceback (most recent call last):
        clipbert_mm.utils.finite.NonFiniteError: 'best.pth' must hold finite \
weights, but 1 of 1 tensors are NaN or infinite, the first of them: a. Its \
training has diverged: use an earlier checkpoint.
    """
    names = find_non_finite(tensors)
    if names:
        raise NonFiniteError(
            f'{source} must hold finite weights, but {len(names)} of '
            f'{len(tensors)} tensors are NaN or infinite, the first of them: '
            f'{", ".join(names[:_MOST_NAMES])}. Its training has diverged: '
            'use an earlier checkpoint.'
        )
