# Copyright (c) clipbert_mm contributors.
"""Progress bar of a command that works for long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Draw progress with the time left, on a terminal alone.

    Args:
        title (str): What is being done.

    Yields:
        Callable[[int, int], None] | None: To be called with the numbers of
        what is done and of all; None without a terminal.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    # Leaving it gives the terminal its cursor back, after Ctrl-C too.
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def update(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield update
