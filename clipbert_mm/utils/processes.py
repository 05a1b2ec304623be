# Copyright (c) clipbert_mm contributors.
"""Run code once for all processes, and see through model wrappers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar, cast

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.model import is_model_wrapper
from torch import nn

from .locks import lock_folder

Result = TypeVar('Result')


def on_main(function: Callable[[], Result]) -> Result:
    """Call a function in the main process and return its result in all.

    MMEngine's ``master_only`` returns nothing to the other processes, and
    they would wait forever for a process that has raised.

    Args:
        function (Callable[[], Result]): Function without arguments. Its
            result and its exceptions must be picklable.

    Returns:
        Result: Result of the function.

    Raises:
        Exception: Exception of the function, in every process.

    Example:
        >>> on_main(lambda: 'a single process is the main one')
        'a single process is the main one'
    """
    outcome: list[Any] = [None, None]
    if is_main_process():
        try:
            outcome[0] = function()
        except Exception as error:
            outcome[1] = error
    broadcast_object_list(outcome)
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


@contextmanager
def lock_by_main(folder: str, remedy: str) -> Iterator[None]:
    """Keep other runs out of a folder that all processes of this run share.

    Args:
        folder (str): Folder that the main process sees.
        remedy (str): Advice for the message of a refusal.

    Yields:
        None: While the main process holds the lock.

    Raises:
        FolderInUseError: In every process, if another run holds the lock.

    Example:
        >>> with lock_by_main('scores', 'name another one'):
        ...     pass
    """
    with ExitStack() as stack:
        on_main(lambda: stack.enter_context(lock_folder(folder, remedy)))
        yield


def unwrap(model: nn.Module) -> nn.Module:
    """Return the model behind a wrapper such as DistributedDataParallel.

    Args:
        model (nn.Module): Model or wrapper of a model.

    Returns:
        nn.Module: Model inside the wrapper, or ``model`` itself if it is not
        a wrapper.

    Example:
        >>> model = nn.Linear(1, 1)
        >>> unwrap(nn.DataParallel(model)) is model
        True
        >>> unwrap(model) is model
        True
    """
    return cast(nn.Module, model.module) if is_model_wrapper(model) else model
