# Copyright (c) clipbert_mm contributors.
"""Command line of the converters."""

import argparse
import sys
from collections.abc import Callable

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.utils.outputs import OutputError
from clipbert_mm.utils.printing import print_json, print_text

from .conversion import Conversion


def command_parser(docstring: str) -> argparse.ArgumentParser:
    """Return a parser whose help is a docstring.

    Args:
        docstring (str): Docstring of a converter, with examples.

    Returns:
        argparse.ArgumentParser: The parser.
    """
    return argparse.ArgumentParser(
        description=docstring,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


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
    parser.add_argument(
        '--json',
        action='store_true',
        help='print one JSON document instead of a table',
    )


def positive(text: str) -> int:
    """Return an integer >= 1, as the type of an option."""
    return _integer(text, 1)


def not_negative(text: str) -> int:
    """Return an integer >= 0, as the type of an option."""
    return _integer(text, 0)


def _integer(text: str, least: int) -> int:
    # int() takes at most 4,300 digits.
    if not text.isdecimal() or len(text) > 18 or int(text) < least:
        raise argparse.ArgumentTypeError(
            f'expected an integer >= {least}, but got {text!r:.40}'
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
        conversion = convert(args)
    except (AnnotationError, OutputError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if args.json:
        print_json(conversion.to_dict())
    else:
        print_text(conversion.report())
    return 0
