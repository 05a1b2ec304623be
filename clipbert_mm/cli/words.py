# Copyright (c) clipbert_mm contributors.
"""Options that take several words, as those of the argparse programs do."""

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

#: Options that take all words up to the next option.
MANY = ('--text', '--options')


class ManyWords(TyperCommand):
    """Command whose options of :data:`MANY` take one or more words."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the names of such options before each of their words."""
        return super().parse_args(ctx, repeat_names(args))


def repeat_names(args: Sequence[str]) -> list[str]:
    """Repeat the name of an option before each word that belongs to it.

    Args:
        args (Sequence[str]): Words of a command line.

    Returns:
        list[str]: Words with which an option takes a single one.

    Example:
        >>> repeat_names(['a.mp4', '--text', 'one', 'two', '--json'])
        ['a.mp4', '--text', 'one', '--text', 'two', '--json']
    """
    repeated: list[str] = []
    name, taken = '', 0
    for i, word in enumerate(args):
        if word == '--':
            return [*repeated, *args[i:]]
        if word.startswith('-') and len(word) > 1:
            name, taken = word if word in MANY else '', 0
        elif name:
            taken += 1
            if taken > 1:
                repeated.append(name)
        repeated.append(word)
    return repeated
