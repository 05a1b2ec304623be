# Copyright (c) clipbert_mm contributors.
"""Import the optimizer Adafactor of transformers when it is first built.

MMEngine imports it with its optimizers, and transformers then imports peft
where that is installed, and with it all of its own models.
"""

import importlib
import sys
from typing import Any

from .late_import import promise_at_import

BUILDER = 'mmengine.optim.optimizer.builder'
TRANSFORMERS = 'transformers'


def import_adafactor_late() -> str | None:
    """Keep MMEngine's optimizers from importing transformers.

    Returns:
        str | None: Reason of the repair, or None if they are imported
        already.

    Example:
        >>> import_adafactor_late()  # doctest: +SKIP
        'mmengine.optim would import Adafactor, and peft with it'
    """
    if BUILDER in sys.modules:
        return None
    promise_at_import(BUILDER, TRANSFORMERS, Adafactor=late_adafactor)
    return 'mmengine.optim would import Adafactor, and peft with it'


def late_adafactor(params: Any, **kwargs: Any) -> Any:
    """Return the optimizer ``Adafactor`` of transformers.

    Args:
        params (Any): What it updates; MMEngine passes it by this name.
        **kwargs (Any): Further arguments.

    Returns:
        Any: The optimizer.

    Example:
        >>> from torch import nn
        >>> type(late_adafactor(nn.Linear(2, 1).parameters())).__name__
        'Adafactor'
    """
    module = importlib.import_module(TRANSFORMERS)
    return module.Adafactor(params, **kwargs)
