# Copyright (c) clipbert_mm contributors.
"""Search, score and question videos with a trained model.

Example:
    clipbert-mm demo
    clipbert-mm rank videos/ "a red ring moves at the left" --top-k 3
    clipbert-mm doctor

Exit status: 0 success, 1 failure, 2 wrong usage, 3 nothing matched, 4 files
that cannot be read.
"""

# A command is a module of this folder with a function of its name, and the
# docstring of the module is its help. Programs that read their own command
# lines are in programs.py. Neither imports PyTorch before its work starts.
import inspect
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Annotated

import typer

from clipbert_mm.version import __version__

from . import (
    ask,
    demo,
    describe,
    distill,
    doctor,
    explain,
    index,
    library,
    rank,
    score,
    search,
    serve,
    similar,
    watch,
)
from .programs import PROGRAMS, run_program
from .words import ManyWords

COMMANDS = (
    demo,
    rank,
    score,
    describe,
    ask,
    explain,
    index,
    search,
    similar,
    watch,
    distill,
    library,
    serve,
    doctor,
)

app = typer.Typer(
    name='clipbert-mm',
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain text, which is the same in every terminal
    pretty_exceptions_enable=False,
)


def help_of(docstring: str | None) -> str:
    r"""Return a docstring as the help of a command.

    Args:
        docstring (str | None): Docstring of a module.

    Returns:
        str: Help in which the lines of examples stay apart.

    Example:
        >>> help_of('Do it.\n\nExample:\n    clipbert-mm do\n')
        'Do it.\n\n\x08\nExample:\n    clipbert-mm do'
    """
    return inspect.cleandoc(docstring or '').replace(
        '\nExample:\n', '\n\b\nExample:\n'
    )


def register(module: ModuleType) -> None:
    """Add the command of a module.

    Args:
        module (ModuleType): Module with a function of its name.
    """
    name = module.__name__.rpartition('.')[2]
    function: Callable = getattr(module, name)
    app.command(name, cls=ManyWords, help=help_of(module.__doc__))(function)


def register_program(name: str, summary: str) -> None:
    """Add a program that reads its own command line.

    Args:
        name (str): Name of the command.
        summary (str): Help in the list of commands.
    """

    def program(context: typer.Context) -> None:
        run_program(name, context.args)

    app.command(
        name,
        help=summary,
        add_help_option=False,
        context_settings=dict(
            allow_extra_args=True,
            allow_interspersed_args=False,
            ignore_unknown_options=True,
        ),
    )(program)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f'clipbert_mm {__version__}')
        raise typer.Exit


@app.callback(help=help_of(__doc__))
def options(
    version: Annotated[
        bool,
        typer.Option(
            '--version',
            callback=_show_version,
            is_eager=True,
            help='Show the version and exit.',
        ),
    ] = False,
) -> None:
    """Read the options before the name of the command."""


for _module in COMMANDS:
    register(_module)
for _name, _program in PROGRAMS.items():
    register_program(_name, _program.summary)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None, those of the
            process.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):  # names may hold any character
            stream.reconfigure(errors='backslashreplace')
    app(args=None if argv is None else list(argv), prog_name='clipbert-mm')


if __name__ == '__main__':
    main()
