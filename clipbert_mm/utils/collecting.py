# Copyright (c) clipbert_mm contributors.
"""Garbage collection, which takes an eighth of the time of importing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector from running.

    Imports create many objects and hardly any garbage. Where it was off
    before, by another thread that imports, too, it is left as it is.

    Yields:
        None: While modules are imported.

    Example:
        >>> with no_collection():
        ...     gc.isenabled()
        False
        >>> gc.isenabled()
        True
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
