# Copyright (c) clipbert_mm contributors.
"""Import the optimizer Adafactor of transformers when it is first built.

MMEngine imports it with its optimizers, and transformers then imports peft
where that is installed, and with it all of its own models.
"""

import builtins
import importlib
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from .late_import import run_at_import

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
    run_at_import(BUILDER, _run_without_transformers)
    return 'mmengine.optim would import Adafactor, and peft with it'


def _run_without_transformers(
    module: ModuleType, execute: Callable[[ModuleType], None]
) -> None:
    """Execute a module whose ``Adafactor`` is imported when it is built."""
    # Of this module alone: other threads may import transformers meanwhile.
    names = {**vars(builtins), '__import__': _import_but_adafactor}
    module.__dict__['__builtins__'] = names
    execute(module)


def _import_but_adafactor(
    name: str,
    namespace: Any = None,
    variables: Any = None,
    members: Any = (),
    level: int = 0,
) -> Any:
    """Import a module, but only promise ``transformers.Adafactor``."""
    if (name, members) == (TRANSFORMERS, ('Adafactor',)):
        return SimpleNamespace(Adafactor=late_adafactor)
    return builtins.__import__(name, namespace, variables, members, level)


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
