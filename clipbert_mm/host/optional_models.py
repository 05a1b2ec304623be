# Copyright (c) clipbert_mm contributors.
"""Make ``import mmaction.models`` work with the released MMAction2.

The import is simply tried. A failure that is one of the known ones is
repaired and the import tried again; any other failure is raised as it came.
So nothing happens where MMAction2 is intact (a git install that finds
``torchvision``, ``timm`` and a ``transformers`` old enough for VindLU).
"""

import importlib
import importlib.metadata
import os.path as osp
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

LOCALIZERS = 'mmaction.models.localizers'
VINDLU = 'mmaction.models.multimodal.vindlu'
VINDLU_CLASSES = ('VindLUVQA', 'VindLURetrievalMC', 'VindLURetrieval')


def import_mmaction_models() -> dict[str, str]:
    """Import ``mmaction.models``, repairing what is known to be broken.

    Returns:
        dict[str, str]: Name of each repair that was needed: its reason.

    Raises:
        Exception: Whatever the import raises, if it is none of the known
            failures.

    Example:
        >>> import_mmaction_models()['drn']
        'mmaction2 was packaged without mmaction.models.localizers.drn'
    """
    return import_with_repairs('mmaction.models', REPAIRS)


def import_with_repairs(
    name: str,
    repairs: dict[str, Callable[[Exception], str | None]],
) -> dict[str, str]:
    """Import a module; on a known failure repair it and try again.

    Args:
        name (str): The module to import.
        repairs (dict[str, Callable]): Name of each repair: a function that
            gets the error and, if it is the one it knows, repairs its cause
            and returns the reason, else returns None.

    Returns:
        dict[str, str]: Name of each repair that was needed: its reason.

    Example:
        >>> import_with_repairs('json', {})
        {}
    """
    applied: dict[str, str] = {}
    while True:
        try:
            importlib.import_module(name)
            break
        except Exception as error:
            found = _repair(
                error,
                {
                    key: repair
                    for key, repair in repairs.items()
                    if key not in applied
                },
            )
            if not found:
                raise
            applied.update(found)
    if applied:
        _bind_submodules(name)
    return applied


def repair_importlib_metadata(error: Exception) -> str | None:
    """Stand in for ``importlib_metadata``, which MMAction2 doesn't declare.

    Args:
        error (Exception): What importing MMAction2 raised.

    Returns:
        Optional[str]: The reason, or None if the error is another one.
    """
    if getattr(error, 'name', None) != 'importlib_metadata':
        return None
    sys.modules['importlib_metadata'] = importlib.metadata
    return 'importlib_metadata is not installed: using importlib.metadata'


def repair_drn(error: Exception) -> str | None:
    """Put a placeholder where the localizer DRN cannot be imported.

    ``localizers/drn`` has no ``__init__.py``, so released packages lack it
    although ``localizers/__init__.py`` imports it; where it is present (a git
    install) it needs ``torchvision``, which MMAction2 does not declare.

    Args:
        error (Exception): What importing MMAction2 raised.

    Returns:
        Optional[str]: The reason, or None if the error is another one.
    """
    package = f'{LOCALIZERS}.drn'
    missing = getattr(error, 'name', None)
    if missing in (package, f'{package}.drn'):
        reason = f'mmaction2 was packaged without {package}'
    elif missing == 'torchvision' and _raised_in(error, 'localizers', 'drn'):
        reason = 'torchvision is not installed'
    else:
        return None
    _put_placeholders(package, (), reason)
    _put_placeholders(f'{package}.drn', ('DRN',), reason)
    return reason


def repair_vindlu(error: Exception) -> str | None:
    """Put placeholders where VindLU cannot be imported.

    MMAction2 imports VindLU whenever ``transformers`` is installed, but
    VindLU also needs ``timm`` (undeclared) and symbols that ``transformers``
    has removed. Where ``transformers`` is absent, MMAction2 itself registers
    placeholders for the same three classes.

    Args:
        error (Exception): What importing MMAction2 raised.

    Returns:
        Optional[str]: The reason, or None if the error is another one.
    """
    culprit = (getattr(error, 'name', None) or '').partition('.')[0]
    if (
        culprit not in ('timm', 'torchvision', 'transformers')
        or not isinstance(error, ImportError)
        or not _raised_in(error, 'multimodal', 'vindlu')
    ):
        return None
    reason = f'{type(error).__name__}: {error}'
    _put_placeholders(VINDLU, VINDLU_CLASSES, reason)
    return reason


REPAIRS: dict[str, Callable[[Exception], str | None]] = {
    'importlib_metadata': repair_importlib_metadata,
    'drn': repair_drn,
    'vindlu': repair_vindlu,
}


def _repair(
    error: Exception,
    repairs: dict[str, Callable[[Exception], str | None]],
) -> dict[str, str]:
    """Apply the first repair that knows the error."""
    for name, repair in repairs.items():
        reason = repair(error)
        if reason is not None:
            return {name: reason}
    return {}


def _raised_in(error: Exception, *folders: str) -> bool:
    """Whether the error passed through a file of MMAction2's folder."""
    part = osp.join('mmaction', 'models', *folders) + osp.sep
    return any(
        part in frame.filename
        for frame in traceback.extract_tb(error.__traceback__)
    )


def _put_placeholders(
    module: str, names: tuple[str, ...], reason: str
) -> None:
    """Provide a module whose classes raise on use, and register them."""
    from mmaction.registry import MODELS

    placeholder = ModuleType(module, f'Placeholder: {reason}.')
    placeholder.__path__ = []  # may be imported from, as a package
    placeholder.__dict__['__all__'] = list(names)
    for name in names:
        cls = _placeholder_class(name, reason)
        setattr(placeholder, name, cls)
        if name not in MODELS.module_dict:
            MODELS.register_module(name=name, module=cls)
    sys.modules[module] = placeholder


def _placeholder_class(name: str, reason: str) -> type:
    """A class that can be imported and registered, but not used."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ImportError(f'{name} of MMAction2 cannot be used here: {reason}')

    return type(name, (), {'__init__': __init__})


def _bind_submodules(package: str) -> None:
    """Make loaded submodules attributes of their parents again.

    A failed import removes the package but keeps the submodules that had
    loaded; the second import finds those and does not bind them.
    """
    for name, module in list(sys.modules.items()):
        parent, _, child = name.rpartition('.')
        if name.startswith(f'{package}.') and parent in sys.modules:
            if not hasattr(sys.modules[parent], child):
                setattr(sys.modules[parent], child, module)
