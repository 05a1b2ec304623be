# Copyright (c) clipbert_mm contributors.
"""Read and write checkpoint files without running code in them."""

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

#: Keys under which training programs store the weights of a model.
WRAPPERS = ('state_dict', 'model', 'model_state_dict')

#: Names that a pickle of NumPy arrays needs; none of them runs other code.
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

#: Undocumented errors of the readers for damaged and for refused files.
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
    """Checkpoint file that cannot be read, or not without risk."""


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickler of plain containers of NumPy arrays that refuses the rest."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a function or class that is allowed in a pickle.

        Args:
            module (str): Name of the module in the pickle.
            name (str): Name in that module.

        Returns:
            Any: Function or class.

        Raises:
            UnpicklingError: If the name is not allowed.
        """
        # NumPy renamed its private modules in version 2.
        module = re.sub(r'^numpy\.core\.', 'numpy._core.', module)
        if (module, name) not in _SAFE_GLOBALS:
            raise pickle.UnpicklingError(f'GLOBAL {module}.{name}')
        return super().find_class(module, name)


def load_checkpoint_file(path: str | Path) -> dict[str, Tensor]:
    """Read the weights of a checkpoint file.

    It reads ``.safetensors``, detectron2's ``.pkl`` of NumPy arrays, and any
    other file by :func:`torch.load` with ``weights_only=True``. If a training
    program stored its own state too, only the weights are returned.

    Args:
        path (str | Path): Path of the file.

    Returns:
        dict[str, Tensor]: Tensors by name, on the CPU.

    Raises:
        FileNotFoundError: If the file does not exist.
        CheckpointFileError: If the file is damaged, holds no weights, or
            cannot be read without running code.

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
    """Explain why a file cannot be read and what to do."""
    found = re.search(r'GLOBAL (\S+)', error)
    if not found:
        reason = error.splitlines()[0] if error else 'unexpected end of file'
        return f'{path} is damaged or not a checkpoint: {reason}'
    return (
        f'{path} does not hold tensors alone: it needs {found.group(1)}. '
        'Reading it could run code of whoever made the file. If you trust '
        'it, load it yourself with the program that wrote it, and save only '
        'its state dict with torch.save.'
    )


def _find_weights(content: Any, path: Path) -> dict[str, Tensor]:
    """Return the weights in the content of a file."""
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
    """Return a tensor, converted if it is a NumPy array."""
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
        path (str | Path): Path of the file, whose folders are created. The
            suffix ``.safetensors`` selects that format, any other suffix
            :func:`torch.save`.
        meta (Mapping[str, Any] | None): Values to store with the weights,
            as JSON in ``.safetensors``. Defaults to None: only the weights,
            as other programs expect.

    Example:
        >>> save_checkpoint_file({'fc': torch.zeros(1)},
        ...                      'new.pth')  # doctest: +SKIP
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Copy each tensor: a file would keep all memory that a view belongs to,
    # and safetensors refuses shared memory.
    own = {name: value.clone().contiguous() for name, value in tensors.items()}
    if path.suffix == '.safetensors':
        texts = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in (meta or {}).items()
        }
        path.touch()
        mode = path.stat().st_mode
        # Transformers requires the key `format`.
        save_file(own, path, dict(texts, format='pt'))
        path.chmod(mode)  # safetensors lets only the owner read
    else:
        torch.save(
            own if meta is None else dict(meta=dict(meta), state_dict=own),
            path,
        )
