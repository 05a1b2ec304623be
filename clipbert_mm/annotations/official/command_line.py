# Copyright (c) clipbert_mm contributors.
"""Command line of the converters."""

import argparse
import sys
from collections.abc import Callable

from clipbert_mm.annotations.errors import AnnotationError

from .conversion import Conversion


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all converters share."""
    parser.add_argument('--out', required=True, help='folder to write to')
    parser.add_argument(
        '--overwrite', action='store_true', help='replace files in --out'
    )
    parser.add_argument(
        '--allow-leaks',
        action='store_true',
        help='convert files whose splits share videos or whose question ids '
        'are repeated, and note how many',
    )


def positive(text: str) -> int:
    """Return an integer >= 1, as the type of an option."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f'expected an integer >= 1, but got {text!r}'
        )
    return int(text)


def run(
    convert: Callable[[argparse.Namespace], Conversion],
    args: argparse.Namespace,
) -> int:
    """Convert and print the report, or the error to stderr.

    Args:
        convert (Callable[[argparse.Namespace], Conversion]): The converter.
        args (argparse.Namespace): Its command line.

    Returns:
        int: Exit status, 1 after an error.
    """
    try:
        report = convert(args).report()
    except (AnnotationError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    # Names may have characters that the terminal does not.
    encoding = sys.stdout.encoding or 'utf-8'
    print(report.encode(encoding, 'backslashreplace').decode(encoding))
    return 0
