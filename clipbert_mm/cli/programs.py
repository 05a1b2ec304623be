# Copyright (c) clipbert_mm contributors.
"""Programs with command lines of their own, as commands of ``clipbert-mm``."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

import typer

from .program_name import program_name
from .running import Status, report_error, say


class Program(NamedTuple):
    """Program that reads its own command line.

    Args:
        module (str): Module with ``main(argv)``, which returns the status.
        summary (str): Help in the list of commands.
        words (tuple[str, ...]): First words of its command line. Defaults to
            none.
    """

    module: str
    summary: str
    words: tuple[str, ...] = ()


PROGRAMS = {
    'export': Program(
        'clipbert_mm.cli.convert_weights',
        'Write a trained model to a folder that can be moved.',
        ('export',),
    ),
    'convert': Program(
        'clipbert_mm.cli.convert',
        'Convert the official annotation files of a dataset.',
    ),
    'check': Program(
        'clipbert_mm.cli.check', 'Check the data and the start of a config.'
    ),
    'browse': Program(
        'clipbert_mm.cli.browse',
        'Draw what the model of a config is fed, clips with their texts.',
    ),
    'compress': Program(
        'clipbert_mm.cli.compress', 'Re-encode videos for sparse reading.'
    ),
    'quickstart': Program(
        'clipbert_mm.cli.quickstart',
        'Train and test a small model on generated videos.',
    ),
}


def run_program(name: str, args: Sequence[str]) -> None:
    """Run a program, and exit with its status.

    Args:
        name (str): Name in :data:`PROGRAMS`.
        args (Sequence[str]): Its command line; ``--debug`` shows the
            traceback of an error.

    Raises:
        typer.Exit: Always, unless the program exits itself.
    """
    program = PROGRAMS[name]
    words = [*program.words, *(word for word in args if word != '--debug')]
    with program_name(f'clipbert-mm {name}'.removesuffix(' export')):
        try:
            main: Callable = import_module(program.module).main
            status = main(words)
        except KeyboardInterrupt:
            say('stopped')
            status = Status.INTERRUPTED
        except Exception as error:
            status = report_error(error, '--debug' in args)
    raise typer.Exit(status or Status.FINE)
