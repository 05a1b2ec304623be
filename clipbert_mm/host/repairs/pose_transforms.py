# Copyright (c) clipbert_mm contributors.
"""Import ``scipy.stats`` when a transform of poses first needs it.

MMAction2 imports it with all its datasets, for the mode of the frame indices
of poses. It takes an eighth of the time of importing everything.
"""

import importlib
import sys
from typing import Any

from .late_import import promise_at_import

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
    promise_at_import(POSE_TRANSFORMS, STATS, mode=late_mode)
    return 'mmaction.datasets would import scipy.stats, which takes a while'


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
