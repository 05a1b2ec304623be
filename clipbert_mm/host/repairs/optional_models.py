# Copyright (c) clipbert_mm contributors.
"""Make ``import mmaction.models`` work with the released MMAction2.

The import is tried. If it fails in a known way, the cause is repaired and the
import tried again; any other error is raised unchanged. So nothing happens
where MMAction2 is intact (a git install that finds ``torchvision``, ``timm``
and a ``transformers`` old enough for VindLU).
"""

import importlib
import importlib.metadata
import os.path as osp
import sys
import traceback
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

LOCALIZERS = 'mmaction.models.localizers'
VINDLU = 'mmaction.models.multimodal.vindlu'
VINDLU_CLASSES = ('VindLUVQA', 'VindLURetrievalMC', 'VindLURetrieval')


def import_mmaction_models() -> dict[str, str]:
    """Import ``mmaction.models``, repairing what is known to be broken.

    The warning by which mmcv-lite recommends mmcv is silenced: it would be
    printed by every process, for operators that ClipBERT does not use.

    Returns:
        dict[str, str]: Reason of each repair that was needed, by its name.

    Raises:
        Exception: Error of the import, unless it is a known one.

    Example:
        >>> import_mmaction_models()['drn']  # doctest: +SKIP
        'mmaction2 was packaged without mmaction.models.localizers.drn'
    """
    warnings.filterwarnings(
        'ignore',
        'Fail to import ``MultiScaleDeformableAttention``',
        UserWarning,
    )
    return import_with_repairs('mmaction.models', REPAIRS)


def import_with_repairs(
    name: str,
    repairs: dict[str, Callable[[Exception], str | None]],
) -> dict[str, str]:
    """Import a module, repairing the cause of each known error.

    Args:
        name (str): Name of the module.
        repairs (dict[str, Callable[[Exception], str | None]]): Repairs by
            name. A repair takes the error. If it knows the error, it repairs
            the cause and returns the reason; otherwise it returns None.

    Returns:
        dict[str, str]: Reason of each repair that was needed, by its name.

    Raises:
        Exception: Error of the import, unless a repair knows it.

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
        bind_submodules(name)
    return applied


def repair_importlib_metadata(error: Exception) -> str | None:
    """Replace ``importlib_metadata``, which MMAction2 does not declare.

    Args:
        error (Exception): Error of importing MMAction2.

    Returns:
        str | None: Reason of the repair, or None for any other error.
    """
    if getattr(error, 'name', None) != 'importlib_metadata':
        return None
    sys.modules['importlib_metadata'] = importlib.metadata
    return 'importlib_metadata is not installed: using importlib.metadata'


def repair_drn(error: Exception) -> str | None:
    """Put a placeholder where the localizer DRN cannot be imported.

    ``localizers/drn`` has no ``__init__.py``. Released packages lack it,
    although ``localizers/__init__.py`` imports it. A git install has it, but
    it needs ``torchvision``, which MMAction2 does not declare.

    Args:
        error (Exception): Error of importing MMAction2.

    Returns:
        str | None: Reason of the repair, or None for any other error.
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
    has removed. Without ``transformers`` MMAction2 itself registers
    placeholders for these three classes.

    Args:
        error (Exception): Error of importing MMAction2.

    Returns:
        str | None: Reason of the repair, or None for any other error.
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
    """Apply the first repair that knows an error."""
    for name, repair in repairs.items():
        reason = repair(error)
        if reason is not None:
            return {name: reason}
    return {}


def _raised_in(error: Exception, *folders: str) -> bool:
    """Return whether an error passed through a folder of MMAction2."""
    part = osp.join('mmaction', 'models', *folders) + osp.sep
    return any(
        part in frame.filename
        for frame in traceback.extract_tb(error.__traceback__)
    )


def _put_placeholders(
    module: str, names: tuple[str, ...], reason: str
) -> None:
    """Add a module whose classes raise on use, and register the classes."""
    from mmaction.registry import MODELS

    placeholder = ModuleType(module, f'Placeholder: {reason}.')
    placeholder.__path__ = []  # makes it a package
    placeholder.__dict__['__all__'] = list(names)
    for name in names:
        cls = _placeholder_class(name, reason)
        setattr(placeholder, name, cls)
        if name not in MODELS.module_dict:
            MODELS.register_module(name=name, module=cls)
    sys.modules[module] = placeholder


def _placeholder_class(name: str, reason: str) -> type:
    """Return a class that can be imported and registered, but not used."""

    def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ImportError(f'{name} of MMAction2 cannot be used here: {reason}')

    return type(name, (), {'__init__': refuse})


def bind_submodules(package: str) -> None:
    """Make loaded submodules attributes of their parents again.

    A failed import removes the package but keeps the submodules that had
    loaded. The second import finds them and does not bind them.

    Args:
        package (str): Name of the package.

    Example:
        >>> bind_submodules('json')
        >>> importlib.import_module('json').decoder.__name__
        'json.decoder'
    """
    for name, module in list(sys.modules.items()):
        parent, _, child = name.rpartition('.')
        if not name.startswith(f'{package}.') or parent not in sys.modules:
            continue
        if not hasattr(sys.modules[parent], child):
            setattr(sys.modules[parent], child, module)
