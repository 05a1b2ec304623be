# Copyright (c) clipbert_mm contributors.
"""Describe errors in one line, for logs and reports."""


def describe(error: BaseException) -> str:
    """Return the type of an error and the first line of its message.

    Args:
        error (BaseException): The error.

    Returns:
        str: One line.

    Example:
        >>> describe(OSError('no such file'))
        'OSError: no such file'
    """
    return f'{type(error).__name__}: {first_line(error)}'


def first_line(error: BaseException) -> str:
    r"""Return the first line of the message of an error.

    Args:
        error (BaseException): The error.

    Returns:
        str: One line; empty if the error has no message.

    Example:
        >>> first_line(ValueError('broken header\nat byte 8'))
        'broken header'
    """
    lines = str(error).strip().splitlines()
    return lines[0] if lines else ''
