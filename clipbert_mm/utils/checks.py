# Copyright (c) clipbert_mm contributors.
"""Check the arguments of constructors, with one wording for all of them."""

import math
import os
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any


def check_integer(name: str, value: Any, least: int) -> None:
    """Raise unless ``value`` is an integer >= ``least``.

    Args:
        name (str): Name of the argument, for the message.
        value (Any): Value of the argument. True and False are not integers.
        least (int): Smallest allowed value.

    Raises:
        ValueError: If it is not an integer or is too small.

    Example:
        >>> check_integer('group_size', 2, 1)
        >>> check_integer('group_size', 0, 1)
        Traceback (most recent call last):
        ValueError: group_size must be an integer >= 1, but got 0.
    """
    if not _is_number(value, Integral) or value < least:
        raise ValueError(
            f'{name} must be an integer >= {least}, but got {value!r}.'
        )


def check_bool(name: str, value: Any) -> None:
    """Raise unless ``value`` is True or False.

    Args:
        name (str): Name of the argument, for the message.
        value (Any): Value of the argument. Any string counts as true in an
            ``if``, ``'no'`` included.

    Raises:
        TypeError: If it is anything else.

    Example:
        >>> check_bool('trust_config', False)
        >>> check_bool('trust_config', 'no')
        Traceback (most recent call last):
        TypeError: trust_config must be True or False, but got 'no' (str).
    """
    if not isinstance(value, bool):
        raise TypeError(
            f'{name} must be True or False, but got {value!r:.80} '
            f'({type(value).__name__}).'
        )


def check_path(name: str, value: Any) -> None:
    """Raise unless ``value`` is a path, or None.

    Args:
        name (str): Name of the argument, for the message.
        value (Any): Value of the argument.

    Raises:
        TypeError: If it is anything else.

    Example:
        >>> check_path('data_root', 'data/msrvtt')
        >>> check_path('data_root', ['data', 'msrvtt'])
        Traceback (most recent call last):
        TypeError: data_root must be a path, but got ['data', 'msrvtt'] (list).
    """
    if not isinstance(value, str | os.PathLike | None):
        raise TypeError(
            f'{name} must be a path, but got {value!r:.80} '
            f'({type(value).__name__}).'
        )


def check_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """Raise unless ``value`` is one of ``choices``.

    Args:
        name (str): Name of the argument, for the message.
        value (Any): Value of the argument.
        choices (Iterable[str]): Allowed values, in the order of the message.

    Raises:
        ValueError: If it is none of them.

    Example:
        >>> check_choice('mode', 'uniform', ('random', 'uniform'))
        >>> check_choice('mode', 'dense', ('random', 'uniform'))
        Traceback (most recent call last):
        ValueError: mode must be one of ['random', 'uniform'], but got 'dense'.
    """
    allowed = list(choices)
    if value not in allowed:
        raise ValueError(
            f'{name} must be one of {allowed}, but got {value!r}.'
        )


def check_fraction(name: str, value: Any) -> None:
    """Raise unless ``value`` is a number in [0, 1].

    Args:
        name (str): Name of the argument, for the message.
        value (Any): Value of the argument.

    Raises:
        ValueError: If it is not a number in [0, 1]; NaN is not.

    Example:
        >>> check_fraction('dropout', 0.1)
        >>> check_fraction('dropout', 1.5)
        Traceback (most recent call last):
        ValueError: dropout must be in [0, 1], but got 1.5.
    """
    if not _is_number(value, Real) or not 0 <= value <= 1:
        raise ValueError(f'{name} must be in [0, 1], but got {value!r}.')


def check_number(name: str, value: Any) -> None:
    """Raise unless ``value`` is a finite number.

    Args:
        name (str): Name of the argument, for the message.
        value (Any): Value of the argument. True and False are not numbers.

    Raises:
        ValueError: If it is not a number, NaN, or larger than a float.

    Example:
        >>> check_number('bias', -0.5)
        >>> check_number('bias', float('inf'))
        Traceback (most recent call last):
        ValueError: bias must be a finite number, but got inf.
    """
    if not _is_number(value, Real) or not _is_finite(value):
        raise ValueError(
            f'{name} must be a finite number, but got {value!r:.40}.'
        )


def _is_finite(value: Real) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that is larger than any float
        return False


def _is_number(value: Any, kind: type) -> bool:
    """Return whether a value is a number of a kind; bool is not one."""
    return isinstance(value, kind) and not isinstance(value, bool)
