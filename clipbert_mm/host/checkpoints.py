# Copyright (c) clipbert_mm contributors.
"""Let ``torch.load`` read the checkpoints that MMEngine writes.

PyTorch 2.6 made ``weights_only=True`` the default. It refuses the
``HistoryBuffer`` that every checkpoint of MMEngine <= 0.10.7 contains, so
testing, resuming and ``load_from`` fail. The few types that MMEngine stores
are added to the allowed ones; ``weights_only`` stays on, and a pickle that
would run anything else is still refused.
"""
import io
import pickle
from typing import Any, Optional

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

try:
    from numpy._core import multiarray
except ImportError:  # NumPy 1
    from numpy.core import multiarray  # type: ignore[no-redef]

NUMPY_DTYPES = '?bBhHiIlLqQefdUS'


def allow_history_buffers() -> Optional[str]:
    """Allow ``HistoryBuffer`` and NumPy values in checkpoints.

    Returns:
        Optional[str]: The reason, or None if such checkpoints load already.

    Example:
        >>> allow_history_buffers()
        >>> torch.load('epoch_1.pth')['message_hub']  # doctest: +SKIP
    """
    if loads_history_buffer():
        return None
    torch.serialization.add_safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype] +
        [type(np.dtype(code)) for code in NUMPY_DTYPES] +
        [(getattr(multiarray, function), f'numpy.{core}.multiarray.{function}')
         for function in ('_reconstruct', 'scalar')
         for core in ('core', '_core')] +
        [(get_statistics_method, 'builtins.getattr')])
    return 'torch.load(weights_only=True) refuses HistoryBuffer of MMEngine'


def loads_history_buffer() -> bool:
    """Whether ``torch.load`` with its defaults reads a ``HistoryBuffer``.

    Returns:
        bool: True if it does.

    Example:
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
    """What unpickling needs of ``getattr``, and no more.

    A ``HistoryBuffer`` is stored with its table of statistics, which are
    pickled as ``getattr(HistoryBuffer, 'mean')``.

    Args:
        obj (Any): What the pickle asks an attribute of.
        name (str): The attribute.

    Returns:
        Any: The method of ``HistoryBuffer``.

    Raises:
        pickle.UnpicklingError: If anything else is asked for.

    Example:
        >>> get_statistics_method(HistoryBuffer, 'mean')
        <function HistoryBuffer.mean at 0x...>
    """
    if obj is HistoryBuffer and name in ('min', 'max', 'current', 'mean'):
        return getattr(obj, name)
    raise pickle.UnpicklingError(
        f'refused to unpickle {name!r} of {obj!r}')
