# Copyright (c) clipbert_mm contributors.
"""What the scores of a run follow from, so that no two runs are mixed."""

import hashlib
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

_PARTS = ('data_preprocessor', 'backbone', 'neck', 'head')
# Where things are, how fast they are, and what the weights tell already.
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


def run_fingerprint(model: nn.Module, model_cfg: dict, dataset: Any) -> dict:
    """Describe all that the logits of clips depend on.

    What they do not depend on is left out, so that a run may go on with
    another ``token_budget``, batch size or number of processes.

    Args:
        model (nn.Module): With its weights.
        model_cfg (dict): The config it was built from.
        dataset (VideoTextRetrieval): With its pipeline.

    Returns:
        dict: Digests of weights, texts and videos; the settings as they are.
    """
    bank = dataset.caption_bank()
    return dict(
        weights=tensors_digest(model.state_dict()),
        texts=tensors_digest({key: bank[key] for key in sorted(bank)}),
        videos=texts_digest(dataset.table.media),
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
    """A number for the names, shapes and values of tensors.

    Args:
        tensors (dict[str, Tensor]): For example a state dict.

    Returns:
        str: Hexadecimal.
    """
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        flat = tensor.detach().cpu().contiguous().flatten()
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def texts_digest(texts: Iterable[object]) -> str:
    """A number for texts and their order.

    Args:
        texts (Iterable): Names, ids.

    Returns:
        str: Hexadecimal.

    Example:
        >>> texts_digest(['a', 'b']) == texts_digest(['ab'])
        False
    """
    joined = '\n'.join(repr(text) for text in texts)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]
