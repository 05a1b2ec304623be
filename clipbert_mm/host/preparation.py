# Copyright (c) clipbert_mm contributors.
"""Prepare the host packages when a process first imports one of them.

The host packages take seconds to import and bring PyTorch with them.
Converters of annotation files and ``--help`` need neither, so importing
:mod:`clipbert_mm` does not import the host. A finder at the front of
``sys.meta_path`` waits for that import instead. It stays there, and lets
everything pass once the host is prepared.
"""

import importlib
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from clipbert_mm.utils.collecting import no_collection

from .versions import check_host_versions

HOST_PACKAGES = ('mmengine', 'mmcv', 'mmaction')

#: Package of ours that holds the components of a registry of MMAction2.
LOCATIONS = {
    'DATASETS': 'clipbert_mm.datasets',
    'TRANSFORMS': 'clipbert_mm.datasets',
    'MODELS': 'clipbert_mm.models',
    'METRICS': 'clipbert_mm.evaluation',
    'DATA_SAMPLERS': 'clipbert_mm.engine',
    'HOOKS': 'clipbert_mm.engine',
    'LOOPS': 'clipbert_mm.engine',
    'OPTIM_WRAPPER_CONSTRUCTORS': 'clipbert_mm.engine',
    'PARAM_SCHEDULERS': 'clipbert_mm.engine',
    'VISUALIZERS': 'clipbert_mm.visualization',
}

_applied: dict[str, str] = {}
_lock = threading.RLock()
_is_prepared = False
_is_busy = False  # read and written by the thread that holds the lock


def prepare_host() -> None:
    """Check and repair the host packages and register our components.

    A second call changes nothing, nor does one by code that the preparation
    itself imports. A call by another thread waits for the preparation.

    Raises:
        ImportError: If a host package is missing or of an unsupported
            version. The next call tries again.

    Example:
        >>> prepare_host()
    """
    global _is_prepared
    with _lock:
        if _is_prepared or _is_busy:
            return
        with _busy():
            check_host_versions()
            # They import the host, which has to be checked before, and the
            # second one MMEngine's optimizers.
            from .repairs.adafactor import import_adafactor_late

            reason = import_adafactor_late()
            from .repairs.every import repair_host

            repair_host(_applied)
            if reason is not None:
                _applied['adafactor'] = reason
            register_locations()
            _is_prepared = True


def applied_repairs() -> dict[str, str]:
    """Return the repairs that a process needs, importing the host first.

    Returns:
        dict[str, str]: Reason of each repair, by its name.

    Raises:
        ImportError: If a host package is missing or of an unsupported
            version.

    Example:
        >>> 'compile' in applied_repairs()
        True
    """
    prepare_host()
    importlib.import_module('mmaction.models')  # repaired at its import
    return dict(_applied)


def register_locations() -> None:
    """Add the packages of our components to MMAction2's registries.

    A registry imports its locations when it is first asked for a type. One
    that was asked before imports ours at the next request.
    """
    registries = importlib.import_module('mmaction.registry')
    for name, package in LOCATIONS.items():
        registry = getattr(registries, name)
        if package not in registry._locations:
            registry._locations = [*registry._locations, package]
            registry._imported = False


def prepare_host_on_import() -> None:
    """Call :func:`prepare_host` now, or after the first host import."""
    if any(name in sys.modules for name in HOST_PACKAGES):
        prepare_host()
    elif not any(_is_ours(finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, HostFinder())


class HostFinder(MetaPathFinder):
    """Finder that prepares the host after the first import of it.

    A search without an import, as by :func:`importlib.util.find_spec`,
    changes nothing.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of a host package, with a loader that prepares.

        Args:
            fullname (str): Name of the module.
            path (Sequence[str] | None): Search path of a submodule.
            target (ModuleType | None): Module that is reloaded.

        Returns:
            ModuleSpec | None: None for any other module, once the host is
            prepared, and for a host package that is not installed.
        """
        if fullname not in HOST_PACKAGES or _is_prepared:
            return None
        for finder in sys.meta_path:
            if _is_ours(finder):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = PreparingLoader(spec.loader)
                return spec
        return None


def _is_ours(finder: Any) -> bool:
    """Return whether a finder is a HostFinder, of a reloaded module too."""
    return type(finder).__qualname__ == HostFinder.__qualname__


class PreparingLoader(Loader):
    """Loader that prepares the host once its module is executed.

    Everything but the execution is left to the loader inside.

    Args:
        loader (Any): Loader of the module.
    """

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        if name == 'loader':  # not set yet
            raise AttributeError(name)
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as its own loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, then prepare the host.

        A host package that imports another one is prepared when both are
        complete. While another thread imports or prepares the host, this
        thread leaves the preparation to it: waiting here, where the lock of
        a module is held, would wait forever if that thread needs the module.

        Args:
            module (ModuleType): Module to execute.

        Raises:
            ImportError: If a host package is missing or of an unsupported
                version. No host package stays imported then, so that the
                next import checks again.
        """
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        if not _lock.acquire(blocking=False):
            self.loader.exec_module(module)
            return
        try:
            if _is_busy:
                self.loader.exec_module(module)
            else:
                self._execute_and_prepare(module)
        finally:
            _lock.release()

    def _execute_and_prepare(self, module: ModuleType) -> None:
        """Execute the first host module of a process, then prepare all."""
        try:
            with no_collection():
                with _busy():
                    self._execute(module)
                prepare_host()
        except BaseException:
            for name in HOST_PACKAGES:
                if sys.modules.get(name) is not None:  # None blocks an import
                    del sys.modules[name]
            raise

    def _execute(self, module: ModuleType) -> None:
        """Execute a module; say so if its error is a known one of versions."""
        try:
            self.loader.exec_module(module)
        except Exception:
            sys.modules.pop(module.__name__, None)  # it is incomplete
            check_host_versions()
            raise
        # The module is complete, so that other threads need not wait for it.
        # One that waits while it imports a module which the preparation needs
        # would wait forever.
        module.__spec__._initializing = False  # type: ignore[union-attr]


@contextmanager
def _busy() -> Iterator[None]:
    """Keep nested imports of host packages from preparing them."""
    global _is_busy
    _is_busy = True
    try:
        yield
    finally:
        _is_busy = False
