# Copyright (c) clipbert_mm contributors.
"""Prepare the host packages when a process first imports one of them.

The host packages take seconds to import and bring PyTorch with them.
Converters of annotation files and ``--help`` need neither, so importing
:mod:`clipbert_mm` does not import the host. A finder in ``sys.meta_path``
waits for it instead, and removes itself once its work is done.
"""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

HOST_PACKAGES = ('mmengine', 'mmcv', 'mmaction')

# Registry of MMAction2: room whose components it holds.
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
}

_is_prepared = False


def prepare_host() -> None:
    """Check and repair the host packages and register our components.

    Calling it again changes nothing.

    Raises:
        ImportError: If a host package is missing or of an unsupported
            version.
    """
    global _is_prepared
    if _is_prepared:
        return
    _is_prepared = True
    from . import repair_host
    from .versions import check_host_versions

    try:
        check_host_versions()
        repair_host()
    except BaseException:
        _is_prepared = False
        raise
    register_locations()


def register_locations() -> None:
    """Tell MMAction2's registries which rooms hold our components.

    A registry imports its locations when it is first asked for a type; those
    that were asked before import ours at the next request.
    """
    registries = importlib.import_module('mmaction.registry')
    for name, room in LOCATIONS.items():
        registry = getattr(registries, name)
        if room not in registry._locations:
            registry._locations = [*registry._locations, room]
            registry._imported = False


def prepare_host_on_import() -> None:
    """Call :func:`prepare_host` now, or after the first host import."""
    if any(name in sys.modules for name in HOST_PACKAGES):
        prepare_host()
    else:
        sys.meta_path.insert(0, HostFinder())


class HostFinder(MetaPathFinder):
    """Finder that prepares the host after its first import."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of a host package with a preparing loader."""
        if fullname not in HOST_PACKAGES:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            prepare_host()  # raises, and says what to install
            return None
        spec.loader = PreparingLoader(spec.loader)
        return spec


class PreparingLoader(Loader):
    """Loader that prepares the host once the module is executed.

    Args:
        loader (Loader): Loader of the module.
    """

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as its own loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, then prepare the host."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        prepare_host()
