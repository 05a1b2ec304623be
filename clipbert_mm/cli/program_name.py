# Copyright (c) clipbert_mm contributors.
"""Name that argparse shows in the usage of a program."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def program_name(name: str) -> Iterator[None]:
    """Let argparse show a name in its usage.

    Args:
        name (str): Name of the program, such as ``'clipbert-mm check'``.

    Yields:
        None: While the program runs.
    """
    previous, sys.argv[0] = sys.argv[0], name
    try:
        yield
    finally:
        sys.argv[0] = previous
