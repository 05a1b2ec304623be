# Copyright (c) clipbert_mm contributors.
"""Make ``import mmaction.models`` work with the released MMAction2.

When it is imported and fails in a known way, the cause is repaired and its
code run again; any other error is raised unchanged. So nothing happens where
MMAction2 is intact (a git install that finds ``torchvision``).
"""

import importlib.metadata
import sys
import warnings
from collections.abc import Callable
from types import ModuleType

from .late_import import run_at_import
from .placeholders import put_placeholders
from .vindlu import import_vindlu_late, raised_in

LOCALIZERS = 'mmaction.models.localizers'
PACKAGE = 'mmaction.models'


def repair_models_at_import(applied: dict[str, str]) -> None:
    """Repair ``mmaction.models`` when it is imported.

    Processes that build no model, such as the workers of a data loader, do
    not import it. The warning by which mmcv-lite recommends mmcv is silenced:
    it would be printed by every process, for operators that ClipBERT does not
    use.

    Args:
        applied (dict[str, str]): Receives the reason of each repair that was
            needed, by its name.

    Example:
        >>> repair_models_at_import({})
    """
    warnings.filterwarnings(
        'ignore',
        'Fail to import ``MultiScaleDeformableAttention``',
        UserWarning,
    )
    reason = import_vindlu_late()
    if reason is not None:
        applied['vindlu'] = reason

    def run(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
        applied.update(run_with_repairs(module, execute, REPAIRS))

    run_at_import(PACKAGE, run)


def run_with_repairs(
    module: ModuleType,
    execute: Callable[[ModuleType], None],
    repairs: dict[str, Callable[[Exception], str | None]],
) -> dict[str, str]:
    """Execute a package, repairing the cause of each known error.

    Args:
        module (ModuleType): The package.
        execute (Callable[[ModuleType], None]): Executes its code.
        repairs (dict[str, Callable[[Exception], str | None]]): Repairs by
            name. A repair takes the error. If it knows the error, it repairs
            the cause and returns the reason; otherwise it returns None.

    Returns:
        dict[str, str]: Reason of each repair that was needed, by its name.

    Raises:
        Exception: Error of the package, unless a repair knows it.

    Example:
        >>> run_with_repairs(ModuleType('a'), lambda module: None, {})
        {}
    """
    applied: dict[str, str] = {}
    while True:
        try:
            execute(module)
            break
        except Exception as error:
            left = {k: r for k, r in repairs.items() if k not in applied}
            found = _repair(error, left)
            if not found:
                raise
            applied.update(found)
    bind_submodules(module.__name__)  # an earlier import may have failed
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
    elif missing == 'torchvision' and raised_in(error, 'localizers', 'drn'):
        reason = 'torchvision is not installed'
    else:
        return None
    put_placeholders(package, (), reason)
    put_placeholders(f'{package}.drn', ('DRN',), reason)
    return reason


REPAIRS: dict[str, Callable[[Exception], str | None]] = {
    'importlib_metadata': repair_importlib_metadata,
    'drn': repair_drn,
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
