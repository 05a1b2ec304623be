# Copyright (c) clipbert_mm contributors.
"""Run the work of a command: its output, its errors and its exit status."""

import enum
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from clipbert_mm.utils.printing import (
    only_json,
    print_json,
    print_text,
    printable,
)
from clipbert_mm.utils.warning import CallerWarning

if TYPE_CHECKING:
    from rich.console import RenderableType


class Status(enum.IntEnum):
    """Exit status of a command."""

    FINE = 0
    FAILED = 1
    USAGE = 2
    NOTHING_MATCHED = 3
    UNREADABLE = 4
    INTERRUPTED = 130


class Outcome(NamedTuple):
    """What a command has found.

    Args:
        document (dict[str, Any]): Values for ``--json``.
        shown (RenderableType): Table or text for people.
        status (Status): Exit status. Defaults to ``Status.FINE``.
    """

    document: dict[str, Any]
    shown: 'RenderableType'
    status: Status = Status.FINE


class CommandError(Exception):
    """Failure of a command that has a status and a document of its own.

    Args:
        message (str): What went wrong, and what to do.
        status (Status): Exit status.
        document (dict[str, Any]): Values for ``--json``.
    """

    def __init__(
        self, message: str, status: Status, document: dict[str, Any]
    ) -> None:
        super().__init__(message)
        self.status = status
        self.document = document


def run(work: Callable[[], Outcome], as_json: bool, debug: bool) -> None:
    """Run the work of a command, print what it found, and exit.

    Whatever is printed during the work goes to standard error.

    Args:
        work (Callable[[], Outcome]): The work.
        as_json (bool): Print one JSON document instead of a table.
        debug (bool): Show the traceback of an error.

    Raises:
        typer.Exit: Always.
    """
    with errors_end(as_json, debug):
        with only_json(), plain_warnings():
            outcome = work()
        with pipe_may_close():
            show(outcome, as_json)
    raise typer.Exit(outcome.status)


def run_lines(work: Callable[[], Iterator[str]], debug: bool) -> None:
    """Run the work of a command that prints lines as it finds them, and exit.

    The status is that nothing matched if there is no line.

    Args:
        work (Callable[[], Iterator[str]]): The work.
        debug (bool): Show the traceback of an error.

    Raises:
        typer.Exit: Always.
    """
    status = Status.NOTHING_MATCHED
    with errors_end(False, debug), plain_warnings(), pipe_may_close():
        lines = work()
        while True:
            with only_json():
                line = next(lines, None)
            if line is None:
                break
            print_text(printable(line))
            status = Status.FINE
    raise typer.Exit(status)


@contextmanager
def errors_end(as_json: bool, debug: bool) -> Iterator[None]:
    """End the command at an error of its work, or at Ctrl-C.

    Args:
        as_json (bool): Print the document of an error that has one.
        debug (bool): Show the traceback of an error.

    Yields:
        None: During the work.

    Raises:
        typer.Exit: If there was an error.
    """
    try:
        yield
    except (typer.BadParameter, typer.Exit):
        raise
    except KeyboardInterrupt:
        say('stopped')
        raise typer.Exit(Status.INTERRUPTED) from None
    except Exception as error:
        status = report_error(error, debug)
        if as_json and isinstance(error, CommandError):
            with pipe_may_close():
                print_json(error.document)
        raise typer.Exit(status) from None


def show(outcome: Outcome, as_json: bool) -> None:
    """Print what a command has found.

    Args:
        outcome (Outcome): What it has found.
        as_json (bool): Print one JSON document instead of a table.
    """
    if as_json:
        print_json(outcome.document)
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:  # lines are not to be broken for a program
        console.width = max(
            80, console.measure(outcome.shown, options=wide(console)).maximum
        )
    with console.capture() as captured:
        console.print(outcome.shown)
    print_text(captured.get().rstrip('\n'))


def wide(console: Any) -> Any:
    """Return options of a console that breaks no line."""
    return console.options.update(width=10_000, max_width=10_000)


@contextmanager
def pipe_may_close() -> Iterator[None]:
    """Let the reader of standard output stop reading, as ``head`` does.

    Yields:
        None: While something is printed.
    """
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer is written when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print warnings for the user in one line each, and no others.

    Yields:
        None: During the work of a command.
    """
    seen = set()

    def print_warning(message: Any, *details: Any) -> None:
        text = str(message)
        if isinstance(message, CallerWarning) and text not in seen:
            seen.add(text)
            say(f'warning: {text}')

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        warnings.simplefilter('always', CallerWarning)
        warnings.showwarning = print_warning  # type: ignore[assignment]
        yield


def report_error(error: Exception, debug: bool) -> Status:
    """Print an error in one line.

    Args:
        error (Exception): The error.
        debug (bool): Print its traceback before.

    Returns:
        Status: Exit status that it stands for.
    """
    if debug:
        traceback.print_exception(error)
    if isinstance(error, CommandError):
        say(f'error: {error}')
        return error.status
    expected = (ValueError, TypeError, OSError, ImportError, RuntimeError)
    if isinstance(error, expected) and str(error):
        say(f'error: {error}')
    else:
        say(
            f'error: {type(error).__name__}: {error}. Run the command with '
            '--debug to see where.'
        )
    return Status.FAILED


def say(text: str) -> None:
    """Print a line to standard error.

    Args:
        text (str): Text, whose line breaks become spaces.
    """
    if sys.stderr is not None:
        print(f'clipbert-mm: {one_line(text)}', file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    r"""Return a text as one printable line.

    Args:
        text (str): Text of any lines.

    Returns:
        str: Its lines, joined by spaces.

    Example:
        >>> one_line('2 files:\n  a.mp4\n  b\x1b.mp4')
        '2 files: a.mp4 b\\x1b.mp4'
    """
    return printable(' '.join(line.strip() for line in text.splitlines()))
