# Copyright (c) clipbert_mm contributors.
"""Modules and classes for parts of MMAction2 that cannot be imported."""

import sys
from types import ModuleType
from typing import Any


def put_placeholders(module: str, names: tuple[str, ...], reason: str) -> None:
    """Add a module whose classes raise on use, and register the classes.

    Args:
        module (str): Name of the module.
        names (tuple[str, ...]): Names of its classes.
        reason (str): Why they cannot be used.
    """
    placeholder = ModuleType(module, f'Placeholder: {reason}.')
    placeholder.__path__ = []  # makes it a package
    fill_with_placeholders(placeholder, names, reason)
    sys.modules[module] = placeholder


def fill_with_placeholders(
    module: ModuleType, names: tuple[str, ...], reason: str
) -> None:
    """Let classes of a module raise on use, and register them.

    Args:
        module (ModuleType): The module.
        names (tuple[str, ...]): Names of its classes.
        reason (str): Why they cannot be used.
    """
    from mmaction.registry import MODELS

    module.__dict__['__all__'] = list(names)
    for name in names:
        cls = _placeholder_class(name, reason)
        setattr(module, name, cls)
        if name not in MODELS.module_dict:
            MODELS.register_module(name=name, module=cls)


def _placeholder_class(name: str, reason: str) -> type:
    """Return a class that can be imported and registered, but not used."""

    def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ImportError(f'{name} of MMAction2 cannot be used here: {reason}')

    return type(name, (), {'__init__': refuse, '__module__': __name__})
