# Copyright (c) clipbert_mm contributors.
"""Storage that the first step of a pipeline reads from."""

from collections.abc import Mapping
from typing import Any

#: How much of a medium a check reads.
DECODE = ('none', 'open', 'first', 'pipeline', 'all')


def check_backend(backend_args: Any) -> None:
    """Raise unless options of a file backend are a dict or None.

    Args:
        backend_args (Any): The options.

    Raises:
        TypeError: If they are not.

    Example:
        >>> check_backend(dict(backend='lmdb', db_path='videos.lmdb'))
    """
    if not isinstance(backend_args, Mapping | None):
        raise TypeError(
            "backend_args must be a dict, such as dict(backend='lmdb', "
            f"db_path='videos.lmdb'), or None, but got {backend_args!r:.80}."
        )


def backend_of(step: Any) -> dict:
    """Return the options of the file backend that a step reads from.

    Args:
        step (Any): First step of a pipeline, of ours or of MMAction2's.

    Returns:
        dict: ``backend`` and its options; ``'local'`` for a step without.

    Example:
        >>> backend_of(None)
        {'backend': 'local'}
    """
    if hasattr(step, 'io_backend') and not hasattr(step, 'backend_args'):
        return dict(getattr(step, 'kwargs', {}), backend=step.io_backend)
    options = getattr(step, 'backend_args', None) or {}
    return dict(dict(backend='local'), **options)


def store_of(step: Any) -> str:
    """Describe the storage that a step reads from.

    Two files are the same only if their storage is, too.

    Args:
        step (Any): First step of a pipeline.

    Returns:
        str: Name and options of the file backend.

    Example:
        >>> store_of(None)
        "[('backend', 'local')]"
    """
    options = backend_of(step)
    if options['backend'] == 'disk':
        options['backend'] = 'local'
    return repr(sorted(options.items()))
