# Copyright (c) clipbert_mm contributors.
"""Tests of JSON values."""

from typing import Any


def is_string(value: Any) -> bool:
    """Return whether a value is a string."""
    return isinstance(value, str)


def is_text(value: Any) -> bool:
    """Return whether a value is a string with more than spaces."""
    return isinstance(value, str) and bool(value.strip())


def is_integer(value: Any) -> bool:
    """Return whether a value is an integer; True and False are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_identifier(value: Any) -> bool:
    """Return whether a value is an integer or a non-empty string."""
    return is_text(value) or is_integer(value)


def is_object(value: Any) -> bool:
    """Return whether a value is a JSON object."""
    return isinstance(value, dict)
