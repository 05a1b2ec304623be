# Copyright (c) clipbert_mm contributors.
"""Settings of a corpus: their check, and a command line made of them."""

import argparse
import dataclasses
from collections.abc import Callable
from typing import Any


def check_ranges(settings: Any, **limits: int) -> None:
    """Raise unless settings are integers in their ranges.

    Args:
        settings (Any): Object with the settings as attributes.
        **limits (int): Largest value of each setting; the smallest is 1, of
            ``seed`` 0.

    Raises:
        ValueError: If a setting is out of range.
    """
    for name, most in limits.items():
        value, least = getattr(settings, name), int(name != 'seed')
        if not isinstance(value, int) or not least <= value <= most:
            raise ValueError(
                f'{name} must be an integer in [{least}, {most}], but got '
                f'{value!r}.'
            )


def run_writer(
    description: str,
    settings: type,
    generate: Callable[..., bool],
    what: str,
) -> None:
    """Write a corpus from the command line.

    Args:
        description (str): Description of the command.
        settings (type): Dataclass of integers, one option for each.
        generate (Callable[..., bool]): Function of the folder, the settings
            and the number of writers, which returns whether it had to write.
        what (str): Name of the corpus in messages.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('root', help='folder of the corpus')
    for field in dataclasses.fields(settings):
        parser.add_argument(
            '--' + field.name.replace('_', '-'),
            type=int,
            default=field.default,
            help='default: %(default)s',
        )
    parser.add_argument(
        '--processes',
        type=int,
        default=2,
        help='number of writers (default: %(default)s)',
    )
    values = vars(parser.parse_args())
    root, processes = values.pop('root'), values.pop('processes')
    wrote = generate(root, settings(**values), processes)
    print(f'{"wrote" if wrote else "found"} {what} in {root}')
