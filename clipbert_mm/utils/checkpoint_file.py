# Copyright (c) clipbert_mm contributors.
"""Read and write checkpoint files without running code in them."""

import io
import json
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as save_tensors
from torch import Tensor

from .checkpoint_errors import (
    CheckpointFileError,
    explain_checkpoint,
    is_safetensors,
)
from .file_heads import HEAD_BYTES
from .whole_files import write_whole

#: Keys under which training programs store the weights of a model; the first
#: existing one counts. Averages are taken only where there is nothing else.
WRAPPERS = (
    'state_dict',
    'model_state_dict',
    'model',
    'module',
    'net',
    'network',
    'weights',
    'params',
    'ema_state_dict',
    'state_dict_ema',
    'model_ema',
    'ema_model',
    'ema',
)

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

    See :func:`read_checkpoint`. If a training program stored its own state
    too, only the weights are returned.

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
    content = read_checkpoint(path)
    weights = find_weights(content)
    if not isinstance(weights, Mapping) or not weights:
        raise CheckpointFileError(
            f'expected tensors by name in {path}, or under one of '
            f'{WRAPPERS}, but got {type(content).__name__}.'
        )
    return {name: _to_tensor(name, weights[name], path) for name in weights}


def read_checkpoint(path: str | Path, map_location: Any = 'cpu') -> Any:
    """Read the whole content of a checkpoint file without running code.

    It reads safetensors, detectron2's ``.pkl`` of NumPy arrays, and any
    other file by :func:`torch.load` with ``weights_only=True``.

    Args:
        path (str | Path): Path of the file.
        map_location (Any): Device of the tensors, as :func:`torch.load` takes
            it. Defaults to ``'cpu'``.

    Returns:
        Any: Content of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        CheckpointFileError: If the file is damaged, is something else, or
            cannot be read without running code.

    Example:
        >>> content = read_checkpoint('epoch_1.pth')  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'expected a checkpoint file, but {path} is not a file.'
        )
    try:
        return _read(path, map_location)
    except Exception as error:  # the readers raise many kinds
        # PyTorch's text, which advises to run the code, is not shown.
        raise CheckpointFileError(
            explain_checkpoint(path, str(error))
        ) from None


def _read(path: Path, map_location: Any) -> Any:
    """Read a file by its first bytes and its suffix."""
    with path.open('rb') as file:
        head = file.read(HEAD_BYTES)
        if is_safetensors(head):
            return load_file(path)
        file.seek(0)
        if path.suffix == '.pkl' and head[:1] == b'\x80':
            # Older files were written by Python 2.
            return _ArrayUnpickler(file, encoding='latin1').load()
        # By content: given a path, PyTorch goes by the suffix.
        return torch.load(file, map_location=map_location, weights_only=True)


def find_weights(content: Any) -> Any:
    """Return the weights in the content of a checkpoint file.

    Args:
        content (Any): Result of :func:`read_checkpoint`.

    Returns:
        Any: Member under one of :data:`WRAPPERS`, of any depth, or the
        content itself.

    Example:
        >>> find_weights(dict(epoch=1, model=dict(state_dict=dict(a=0))))
        {'a': 0}
    """
    while isinstance(content, Mapping):
        for key in WRAPPERS:
            if isinstance(content.get(key), Mapping):
                content = content[key]
                break
        else:
            break
    return content


def _to_tensor(name: str, value: Any, path: str | Path) -> Tensor:
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
    # Copy each tensor: a file would keep all memory that a view belongs to,
    # and safetensors refuses shared memory.
    own = {name: value.clone().contiguous() for name, value in tensors.items()}
    # In memory first: neither library says why the system refused to write.
    if Path(path).suffix == '.safetensors':
        write_whole(path, _safetensors_bytes(own, meta or {}))
        return
    buffer = io.BytesIO()
    torch.save(
        own if meta is None else dict(meta=dict(meta), state_dict=own), buffer
    )
    write_whole(path, buffer.getbuffer())


def _safetensors_bytes(
    tensors: dict[str, Tensor], meta: Mapping[str, Any]
) -> bytes:
    """Return the content of a file that Transformers reads too."""
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in meta.items()
    }
    # Transformers requires the key `format`.
    return save_tensors(tensors, dict(texts, format='pt'))
