# Copyright (c) clipbert_mm contributors.
"""Import MMAction2's VindLU when it is first used.

MMAction2 imports VindLU with all its models whenever ``transformers`` is
installed. That takes a second of every process, and fails: VindLU also needs
``timm``, which is not declared, and symbols that ``transformers`` has removed.
Here ``mmaction.models`` and the registry know its classes by name only. The
first use of one imports VindLU, or says why it cannot be used.
"""

import importlib
import os.path as osp
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .late_import import run_at_import
from .placeholders import fill_with_placeholders

MULTIMODAL = 'mmaction.models.multimodal'
VINDLU = f'{MULTIMODAL}.vindlu'
CLASSES = ('VindLUVQA', 'VindLURetrievalMC', 'VindLURetrieval')
NAMES = (
    *CLASSES,
    'VindLUTokenizer',
    'BeitModel3D',
    'BertDecoder',
    'BertModel',
)


def import_vindlu_late() -> str | None:
    """Keep ``mmaction.models`` from importing VindLU.

    Returns:
        str | None: Reason of the repair, or None if VindLU is imported
        already.

    Example:
        >>> import_vindlu_late()  # doctest: +SKIP
        'mmaction.models would import VindLU, which takes a second'
    """
    if MULTIMODAL in sys.modules:
        return None
    run_at_import(MULTIMODAL, _run_without_vindlu)
    run_at_import(VINDLU, _run_vindlu)
    return 'mmaction.models would import VindLU, which takes a second'


def _run_without_vindlu(
    module: ModuleType, execute: Callable[[ModuleType], None]
) -> None:
    """Execute ``multimodal`` with an empty module instead of VindLU."""
    if VINDLU in sys.modules:
        execute(module)
        return
    empty = ModuleType(VINDLU)
    empty.__dict__['__all__'] = []
    sys.modules[VINDLU] = empty
    try:
        execute(module)
    finally:
        del sys.modules[VINDLU]
    module.__dict__.pop('vindlu', None)
    module.__dict__['__getattr__'] = vindlu_attribute
    _register_late_classes()


def vindlu_attribute(name: str) -> Any:
    """Return a name of VindLU, as ``__getattr__`` of a module.

    Args:
        name (str): Name that the module does not have.

    Returns:
        Any: The class.

    Raises:
        AttributeError: If VindLU has no such name either.
    """
    if name in NAMES:
        return getattr(importlib.import_module(VINDLU), name)
    raise AttributeError(f'module {MULTIMODAL!r} has no attribute {name!r}')


def _run_vindlu(
    module: ModuleType, execute: Callable[[ModuleType], None]
) -> None:
    """Execute VindLU, which registers its classes, or put placeholders."""
    from mmaction.registry import MODELS

    for name in CLASSES:
        if issubclass(MODELS.module_dict.get(name, object), LateClass):
            del MODELS._module_dict[name]
    try:
        execute(module)
    except Exception as error:
        reason = reason_of(error)
        if reason is None:
            _register_late_classes()  # the next use tries again
            raise
        fill_with_placeholders(module, CLASSES, reason)


def reason_of(error: Exception) -> str | None:
    """Return why VindLU cannot be imported.

    Args:
        error (Exception): Error of importing MMAction2.

    Returns:
        str | None: The reason, or None for any other error.
    """
    culprit = (getattr(error, 'name', None) or '').partition('.')[0]
    if (
        culprit not in ('timm', 'torchvision', 'transformers')
        or not isinstance(error, ImportError)
        or not raised_in(error, 'multimodal', 'vindlu')
    ):
        return None
    return f'{type(error).__name__}: {error}'


def raised_in(error: Exception, *folders: str) -> bool:
    """Return whether an error passed through a folder of MMAction2's models.

    Args:
        error (Exception): The error.
        *folders (str): Folders, from the outermost on.

    Returns:
        bool: True if it did.
    """
    part = osp.join('mmaction', 'models', *folders) + osp.sep
    return any(
        part in frame.filename
        for frame in traceback.extract_tb(error.__traceback__)
    )


class LateClass:
    """Base of the classes that stand in the registry until VindLU is used."""


def _register_late_classes() -> None:
    """Register classes that import VindLU when an object is made."""
    from mmaction.registry import MODELS

    for name in CLASSES:
        if name not in MODELS.module_dict:
            MODELS.register_module(name=name, module=_late_class(name))


def _late_class(name: str) -> type:
    def make(cls: type, *args: Any, **kwargs: Any) -> Any:
        return vindlu_attribute(name)(*args, **kwargs)

    return type(name, (LateClass,), {'__new__': make, '__module__': __name__})
