# Copyright (c) clipbert_mm contributors.
"""Let MMAction2's ``RetrievalRecall`` run where NumPy has no ``in1d``."""

from types import ModuleType
from typing import Any

import numpy as np


class NumpyWithIn1d(ModuleType):
    """NumPy with ``in1d``, which NumPy 2.4 removed.

    It replaces ``np`` in one module of MMAction2, so that NumPy itself stays
    as it is for everyone else.

    Example:
        >>> NumpyWithIn1d().in1d([1, 2], [2])
        array([False,  True])
    """

    def __init__(self) -> None:
        super().__init__('numpy')

    def __getattr__(self, name: str) -> Any:
        return np.isin if name == 'in1d' else getattr(np, name)


def restore_in1d() -> str | None:
    """Give the module of ``RetrievalRecall`` back its ``in1d``.

    Returns:
        str | None: Reason of the repair, or None if NumPy has ``in1d``.

    Example:
        >>> restore_in1d()  # doctest: +SKIP
        'NumPy 2.4.6 has no in1d'
    """
    if hasattr(np, 'in1d'):
        return None
    from mmaction.evaluation.metrics import multimodal_metric

    multimodal_metric.np = NumpyWithIn1d()
    return f'NumPy {np.__version__} has no in1d'
