# Copyright (c) clipbert_mm contributors.
"""Let MMEngine read its own checkpoints and safetensors without their code.

PyTorch 2.6 made ``weights_only=True`` the default. It refuses the
``HistoryBuffer`` that every checkpoint of MMEngine <= 0.10.7 contains, so
testing, resuming and ``load_from`` fail. The few types that MMEngine stores
are added to the allowed ones. ``weights_only`` stays on, and a pickle that
would run anything else is still refused.

Checkpoints that MMEngine downloads are the exception. It reads them by a
function of PyTorch whose default is still ``weights_only=False``, so that
``load_from`` of a URL runs the code of its file. The repair reads them as
local files are read.

MMEngine does not know ``.safetensors``; importing this module registers a
loader for local files with that suffix.
"""

import functools
import inspect
import io
import os.path as osp
import pickle
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from mmengine.runner import checkpoint as mmengine_checkpoint

from clipbert_mm.utils.checkpoint_file import load_checkpoint_file

try:
    from numpy._core import multiarray
except ImportError:  # NumPy 1
    from numpy.core import multiarray  # type: ignore[no-redef]

NUMPY_DTYPES = '?bBhHiIlLqQefdUS'


def allow_history_buffers() -> str | None:
    """Allow ``HistoryBuffer`` and NumPy values in checkpoints.

    Returns:
        str | None: Reason of the repair, or None if such checkpoints load.

    Example:
        >>> _ = allow_history_buffers()
        >>> torch.load('epoch_1.pth')['message_hub']  # doctest: +SKIP
    """
    if loads_history_buffer():
        return None
    torch.serialization.add_safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype]
        + [type(np.dtype(code)) for code in NUMPY_DTYPES]
        + [
            (
                getattr(multiarray, function),
                f'numpy.{core}.multiarray.{function}',
            )
            for function in ('_reconstruct', 'scalar')
            for core in ('core', '_core')
        ]
        + [(get_statistics_method, 'builtins.getattr')]
    )
    return 'torch.load(weights_only=True) refuses HistoryBuffer of MMEngine'


def loads_history_buffer() -> bool:
    """Return whether ``torch.load`` by default reads a ``HistoryBuffer``.

    Returns:
        bool: True if it does.

    Example:
        >>> _ = allow_history_buffers()
        >>> loads_history_buffer()
        True
    """
    file = io.BytesIO()
    torch.save(HistoryBuffer([1.0], [1]), file)
    file.seek(0)
    try:
        torch.load(file)
    except pickle.UnpicklingError:
        return False
    return True


def get_statistics_method(obj: Any, name: str) -> Any:
    """Return a statistics method of ``HistoryBuffer``, and nothing else.

    A ``HistoryBuffer`` is stored with its table of statistics, which are
    pickled as ``getattr(HistoryBuffer, 'mean')``. This function replaces
    ``getattr`` in such a pickle.

    Args:
        obj (Any): First argument of ``getattr`` in the pickle.
        name (str): Name of the attribute.

    Returns:
        Any: Method of ``HistoryBuffer``.

    Raises:
        pickle.UnpicklingError: If the pickle asks for any other attribute.

    Example:
        >>> get_statistics_method(HistoryBuffer, 'mean').__name__
        'mean'
    """
    if obj is HistoryBuffer and name in ('min', 'max', 'current', 'mean'):
        return getattr(obj, name)
    raise pickle.UnpicklingError(f'refused to unpickle {name!r} of {obj!r}')


def read_downloads_safely() -> str | None:
    """Let MMEngine read downloaded checkpoints with ``weights_only``.

    Returns:
        str | None: Reason of the repair, or None if MMEngine does so already.

    Example:
        >>> read_downloads_safely()  # doctest: +SKIP
        'MMEngine runs the code of checkpoints that it downloads'
    """
    load_url = mmengine_checkpoint.load_url
    if inspect.signature(load_url).parameters['weights_only'].default:
        return None
    mmengine_checkpoint.load_url = functools.partial(
        load_url, weights_only=True
    )
    return 'MMEngine runs the code of checkpoints that it downloads'


@CheckpointLoader.register_scheme(r'(?!.*://).*\.safetensors$', force=True)
def load_from_safetensors(
    filename: str, map_location: Any = None
) -> dict[str, Any]:
    """Load a local ``.safetensors`` file as a checkpoint of MMEngine.

    MMEngine calls it for ``load_from``, ``tools/test.py`` and the
    ``Pretrained`` initialiser. Such a file holds weights only, so a run
    cannot be resumed from it.

    Args:
        filename (str): Path of the file.
        map_location (Any): Unused. The tensors are on the CPU; loading them
            copies them to the device of the model. Defaults to None.

    Returns:
        dict[str, Any]: ``state_dict`` and an empty ``meta``.

    Raises:
        FileNotFoundError: If the file does not exist.
        CheckpointFileError: If the file is damaged.

    Example:
        >>> load_checkpoint(model, 'model.safetensors')  # doctest: +SKIP
    """
    return dict(
        meta={}, state_dict=load_checkpoint_file(osp.expanduser(filename))
    )
