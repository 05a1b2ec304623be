# Copyright (c) clipbert_mm contributors.
"""Read and write checkpoint files; reading runs none of their code."""

import json
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

#: Keys under which training programs keep the weights of a model.
WRAPPERS = ('state_dict', 'model', 'model_state_dict')

#: What a pickle of NumPy arrays needs, and nothing that runs other code.
_SAFE_GLOBALS = frozenset(
    (
        ('collections', 'OrderedDict'),
        ('_codecs', 'encode'),
        ('numpy', 'ndarray'),
        ('numpy', 'dtype'),
        ('numpy._core.multiarray', '_reconstruct'),
        ('numpy._core.multiarray', 'scalar'),
        ('numpy._core.numeric', '_frombuffer'),
    )
)

#: What the readers raise for a damaged or a refused file; not documented.
_READ_ERRORS = (
    pickle.UnpicklingError,
    SafetensorError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
)


class CheckpointFileError(ValueError):
    """A checkpoint file cannot be read, or not without risk."""


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickle plain containers of NumPy arrays, and refuse the rest."""

    def find_class(self, module: str, name: str) -> Any:
        """Resolve a name that is on the list.

        Args:
            module (str): Module that the pickle asks for.
            name (str): Name in that module.

        Returns:
            Any: The function or class.

        Raises:
            UnpicklingError: If the name is not on the list.
        """
        # NumPy renamed its private modules in version 2.
        module = re.sub(r'^numpy\.core\.', 'numpy._core.', module)
        if (module, name) not in _SAFE_GLOBALS:
            raise pickle.UnpicklingError(f'GLOBAL {module}.{name}')
        return super().find_class(module, name)


def load_checkpoint_file(path: str | Path) -> dict[str, Tensor]:
    """Read the weights of a checkpoint file.

    ``.safetensors``, detectron2's ``.pkl`` of NumPy arrays, and anything
    else by :func:`torch.load` with ``weights_only=True``. Weights that a
    training program keeps beside its own state are taken out of it.

    Args:
        path (str | Path): The file.

    Returns:
        dict[str, Tensor]: Tensors by name, on the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointFileError: If the file is damaged, holds no weights, or
            needs more than tensors to be read.

    Example:
        >>> state = load_checkpoint_file('clipbert.pt')  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'expected a checkpoint file, but {path} is not a file.'
        )
    try:
        content = _read(path)
    except _READ_ERRORS as error:
        raise CheckpointFileError(_explain(path, str(error))) from error
    return _find_weights(content, path)


def _read(path: Path) -> Any:
    """Read a file by its suffix."""
    if path.suffix == '.safetensors':
        return load_file(path)
    if path.suffix == '.pkl':
        with path.open('rb') as file:
            # Older files were written by Python 2.
            return _ArrayUnpickler(file, encoding='latin1').load()
    return torch.load(path, map_location='cpu', weights_only=True)


def _explain(path: Path, error: str) -> str:
    """Say why a file cannot be read, and what to do."""
    found = re.search(r'GLOBAL (\S+)', error)
    if not found:
        reason = error.splitlines()[0] if error else 'it ends too early'
        return f'{path} is damaged or not a checkpoint: {reason}'
    return (
        f'{path} cannot be read as tensors alone: it needs '
        f'{found.group(1)}. Reading it could run code of whoever made '
        'the file. If you trust it, load it yourself with the program '
        'that wrote it, and save only its state dict with torch.save.'
    )


def _find_weights(content: Any, path: Path) -> dict[str, Tensor]:
    """Take the weights out of what a file holds."""
    weights = content
    if isinstance(content, Mapping):
        for key in WRAPPERS:
            if isinstance(content.get(key), Mapping):
                weights = content[key]
                break
    if not isinstance(weights, Mapping) or not weights:
        raise CheckpointFileError(
            f'expected tensors by name in {path}, or under one of '
            f'{WRAPPERS}, but got {type(content).__name__}.'
        )
    return {name: _to_tensor(name, weights[name], path) for name in weights}


def _to_tensor(name: str, value: Any, path: Path) -> Tensor:
    """Return a tensor, made of a NumPy array when it is one."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        return torch.from_numpy(np.array(value))
    if not isinstance(value, Tensor):
        raise CheckpointFileError(
            f'expected a tensor for {name!r} in {path}, but got '
            f'{type(value).__name__}.'
        )
    return value


def save_checkpoint_file(
    tensors: Mapping[str, Tensor],
    path: str | Path,
    meta: Mapping[str, Any] | None = None,
) -> None:
    """Write weights to a file.

    Args:
        tensors (Mapping[str, Tensor]): Tensors by name.
        path (str | Path): The file; folders above it are made. The suffix
            ``.safetensors`` decides for that format, any other for
            :func:`torch.save`.
        meta (Mapping[str, Any], optional): What is stored beside the
            weights, as JSON in ``.safetensors``. Defaults to None: the
            weights alone, as other programs expect them.

    Example:
        >>> save_checkpoint_file({'fc': torch.zeros(1)},
        ...                      'new.pth')  # doctest: +SKIP
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A copy of its own for each tensor: no file keeps the memory of a larger
    # one that a tensor was a view of, and safetensors takes no shared memory.
    own = {name: value.clone().contiguous() for name, value in tensors.items()}
    if path.suffix == '.safetensors':
        texts = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in (meta or {}).items()
        }
        path.touch()
        mode = path.stat().st_mode
        # Transformers asks for the key `format`.
        save_file(own, path, dict(texts, format='pt'))
        path.chmod(mode)  # safetensors lets nobody but the owner read
    else:
        torch.save(
            own if meta is None else dict(meta=dict(meta), state_dict=own),
            path,
        )
