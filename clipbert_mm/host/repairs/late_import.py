# Copyright (c) clipbert_mm contributors.
"""Repair a module of the host when it is imported, not before.

A finder at the front of ``sys.meta_path`` lets the loader of such a module
run it under our control. All other modules pass.
"""

import builtins
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

#: Runs a module: takes it and the function that executes its code.
Run = Callable[[ModuleType, Callable[[ModuleType], None]], None]


def run_at_import(name: str, run: Run) -> None:
    """Let a function run a module whenever it is imported from now on.

    A second call with the same name replaces the function.

    Args:
        name (str): Full name of the module.
        run (Run): The function.

    Example:
        >>> def run(module, execute):
        ...     execute(module)
        ...     module.answer = 42
        >>> run_at_import('this_is_an_example', run)
        >>> del LateFinder.of_process().runs['this_is_an_example']
    """
    LateFinder.of_process().runs[name] = run


def promise_at_import(importer: str, source: str, **members: Any) -> None:
    """Give a module stand-ins for what it imports from another.

    Its statement ``from source import member`` then imports nothing. Other
    modules import the same names as ever.

    Args:
        importer (str): Full name of the module, which is not imported yet.
        source (str): Module that it would import.
        **members (Any): Stand-ins for all the names of that statement.

    Example:
        >>> promise_at_import('this_is_an_example', 'heavy', work=print)
        >>> del LateFinder.of_process().runs['this_is_an_example']
    """

    def import_or_promise(
        name: str,
        namespace: Any = None,
        variables: Any = None,
        names: Any = (),
        level: int = 0,
    ) -> Any:
        if (name, names) == (source, tuple(members)):
            return SimpleNamespace(**members)
        return builtins.__import__(name, namespace, variables, names, level)

    def run(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
        # Of this module alone: other threads may import the source meanwhile.
        own = {**vars(builtins), '__import__': import_or_promise}
        module.__dict__['__builtins__'] = own
        execute(module)

    run_at_import(importer, run)


class LateFinder(MetaPathFinder):
    """Finder of the modules that are repaired at their import."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}

    @staticmethod
    def of_process() -> 'LateFinder':
        """Return the finder of this process, which is added once."""
        for finder in sys.meta_path:
            if type(finder).__qualname__ == LateFinder.__qualname__:
                return finder  # type: ignore[return-value]
        finder = LateFinder()
        sys.meta_path.insert(0, finder)
        return finder

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of a module to repair, with a loader that does.

        Args:
            fullname (str): Name of the module.
            path (Sequence[str] | None): Search path of a submodule.
            target (ModuleType | None): Module that is reloaded.

        Returns:
            ModuleSpec | None: None for any other module, and for one that no
            other finder finds.
        """
        run = self.runs.get(fullname)
        if run is None:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = LateLoader(spec.loader, run)
                return spec
        return None


class LateLoader(Loader):
    """Loader that lets a function run the module.

    Everything but the execution is left to the loader inside.

    Args:
        loader (Any): Loader of the module.
        run (Run): The function.
    """

    def __init__(self, loader: Any, run: Run) -> None:
        self.loader = loader
        self.run = run

    def __getattr__(self, name: str) -> Any:
        if name == 'loader':  # not set yet
            raise AttributeError(name)
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as its own loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Let the function execute the module.

        Args:
            module (ModuleType): The module.
        """
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        self.run(module, self.loader.exec_module)
