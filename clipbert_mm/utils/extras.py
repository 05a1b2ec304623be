# Copyright (c) clipbert_mm contributors.
"""Optional dependencies, imported where they are needed."""

from importlib import import_module
from types import ModuleType


def import_extra(module: str, extra: str) -> ModuleType:
    """Import a module of an optional dependency.

    Args:
        module (str): Name of the module.
        extra (str): Extra of this package that installs it.

    Returns:
        ModuleType: The module.

    Raises:
        ImportError: If it is not installed, with the command that does it.

    Example:
        >>> import_extra('json', 'onnx').__name__
        'json'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f'{module} is not installed. Run '
            f"pip install 'clipbert_mm[{extra}]'."
        ) from error
