# Copyright (c) clipbert_mm contributors.
"""Warnings that point to the caller's line, not to ours."""

import sys
import warnings
from pathlib import Path

_PACKAGE = str(Path(__file__).parents[1])


class CallerWarning(UserWarning):
    """Warning for whoever called the package."""


def warn_caller(message: str) -> None:
    """Warn, and name the line outside the package that led here.

    Args:
        message (str): Text of the warning.

    Warns:
        CallerWarning: Always.
    """
    level = 1
    while True:
        try:
            frame = sys._getframe(level)
        except ValueError:  # no caller outside the package
            break
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            break
        level += 1
    warnings.warn(message, CallerWarning, stacklevel=level + 1)
