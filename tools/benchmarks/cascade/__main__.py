# Copyright (c) clipbert_mm contributors.
"""Measure what the clip cascade saves, and what it costs in recall.

On new videos of a finished quickstart, or on scores drawn from a model at the
size of MSR-VTT::

    python -m tools.benchmarks.cascade gallery work_dirs/quickstart
    python -m tools.benchmarks.cascade simulation
"""

import argparse
from collections.abc import Sequence

from . import gallery, simulation


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.

    Returns:
        argparse.Namespace: The options; ``run`` is the function to call.
    """
    parser = argparse.ArgumentParser(
        description='Measure what the clip cascade saves and costs.'
    )
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    for name, module, text in (
        ('gallery', gallery, 'galleries of finished quickstarts'),
        ('simulation', simulation, 'drawn scores at the size of MSR-VTT'),
    ):
        command = commands.add_parser(name, help=text, description=text)
        module.add_options(command)
        command.set_defaults(run=module.run)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the tables.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    args = parse_args(argv)
    args.run(args)


if __name__ == '__main__':
    main()
