# Copyright (c) clipbert_mm contributors.
"""Import ``scipy.stats`` when a transform of poses first needs it.

MMAction2 imports it with all its datasets, for the mode of the frame indices
of poses. It takes an eighth of the time of importing everything.
"""

import builtins
import importlib
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from .late_import import run_at_import

POSE_TRANSFORMS = 'mmaction.datasets.transforms.pose_transforms'
STATS = 'scipy.stats'


def import_stats_late() -> str | None:
    """Keep MMAction2's transforms of poses from importing ``scipy.stats``.

    Returns:
        str | None: Reason of the repair, or None if it is imported already.

    Example:
        >>> import_stats_late()  # doctest: +SKIP
        'mmaction.datasets would import scipy.stats, which takes a while'
    """
    if STATS in sys.modules or POSE_TRANSFORMS in sys.modules:
        return None
    run_at_import(POSE_TRANSFORMS, _run_without_stats)
    return 'mmaction.datasets would import scipy.stats, which takes a while'


def _run_without_stats(
    module: ModuleType, execute: Callable[[ModuleType], None]
) -> None:
    """Execute a module whose ``scipy.stats`` is imported by ``mode``."""
    # Of this module alone: other threads may import scipy.stats meanwhile.
    names = {**vars(builtins), '__import__': _import_but_stats}
    module.__dict__['__builtins__'] = names
    execute(module)


def _import_but_stats(
    name: str,
    namespace: Any = None,
    variables: Any = None,
    members: Any = (),
    level: int = 0,
) -> Any:
    """Import a module, but only promise ``scipy.stats.mode``."""
    if (name, members) == (STATS, ('mode',)):
        return SimpleNamespace(mode=late_mode)
    return builtins.__import__(name, namespace, variables, members, level)


def late_mode(*args: Any, **kwargs: Any) -> Any:
    """Return the most common value, by :func:`scipy.stats.mode`.

    Args:
        *args (Any): Arguments of ``scipy.stats.mode``.
        **kwargs (Any): Further arguments.

    Returns:
        Any: Its result.

    Example:
        >>> int(late_mode([3, 1, 3]).mode)
        3
    """
    return importlib.import_module(STATS).mode(*args, **kwargs)
