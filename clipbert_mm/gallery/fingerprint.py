# Copyright (c) clipbert_mm contributors.
"""Fingerprint of a run, so that scores of two runs are never mixed."""

import hashlib
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from clipbert_mm.datasets.video_text_retrieval import VideoTextRetrieval

# Raised when the files of the store change.
STORE_FORMAT = 2
_PARTS = ('data_preprocessor', 'backbone', 'neck', 'head')
# Locations, speed, and what follows from the weights.
_IGNORED = (
    'init_cfg',
    'with_cp',
    'bert',
    'tokenizer',
    'num_threads',
    'io_backend',
    'backend_args',
)
_PLAIN = (bool, int, float, str, list, tuple, type(None))


def run_fingerprint(
    weights: dict[str, Tensor],
    model_cfg: dict,
    dataset: VideoTextRetrieval,
) -> dict:
    """Describe everything that the logits of clips depend on.

    Other settings are left out, so that a run may resume with another
    ``token_budget``, batch size or number of processes.

    Args:
        weights (dict[str, Tensor]): State dict of the model.
        model_cfg (dict): Config of the model.
        dataset (VideoTextRetrieval): Dataset with its pipeline.

    Returns:
        dict: Format of the store, digests of weights, texts and videos, and
        settings.
    """
    bank = dataset.caption_bank()
    return dict(
        store_format=STORE_FORMAT,
        weights=tensors_digest(weights),
        texts=tensors_digest({key: bank[key] for key in sorted(bank)}),
        videos=strings_digest(dataset.table.media),
        model={
            part: _settings(model_cfg[part])
            for part in _PARTS
            if part in model_cfg
        },
        pipeline=[
            dict(_settings(vars(transform)), type=type(transform).__name__)
            for transform in dataset.pipeline.transforms
        ],
    )


def _settings(values: Any) -> dict:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in values.items()
        if key not in _IGNORED and isinstance(value, _PLAIN)
    }


def tensors_digest(tensors: dict[str, Tensor]) -> str:
    """Return a digest of the names, shapes and values of tensors.

    Args:
        tensors (dict[str, Tensor]): Tensors by name, such as a state dict.

    Returns:
        str: 16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        flat = tensor.detach().cpu().contiguous().flatten()
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def strings_digest(values: Iterable[object]) -> str:
    """Return a digest of names or ids and their order.

    Args:
        values (Iterable[object]): Strings or numbers.

    Returns:
        str: 16 hexadecimal digits.

    Example:
        >>> strings_digest(['a', 'b']) == strings_digest(['ab'])
        False
    """
    joined = '\n'.join(repr(value) for value in values)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]
