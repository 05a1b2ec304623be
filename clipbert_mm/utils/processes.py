# Copyright (c) clipbert_mm contributors.
"""What one of the processes does for all."""

from collections.abc import Callable
from typing import Any, TypeVar

from mmengine.dist import broadcast_object_list, is_main_process

Result = TypeVar('Result')


def on_main(function: Callable[[], Result]) -> Result:
    """Do something in one process, and tell all processes the result.

    MMEngine's ``master_only`` tells the others nothing, and they would wait
    forever for a process that has raised.

    Args:
        function (Callable): Without arguments.

    Returns:
        Any: What it returned.

    Raises:
        Exception: What it raised, in every process.

    Example:
        >>> on_main(lambda: sorted(Path('scores').iterdir()))
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
