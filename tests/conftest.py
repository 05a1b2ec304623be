# Copyright (c) clipbert_mm contributors.
"""Conditions under which every test starts."""

import pytest
from mmengine.registry import DefaultScope

import clipbert_mm


def pytest_report_header() -> str:
    """Return the version under test, for the head of the report."""
    return f'clipbert_mm {clipbert_mm.__version__}'


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Clear the default scope, as at the start of a process.

    MMEngine keeps the scope of the last runner for the whole process, and
    ``MODELS.build`` then looks in the registry of that scope.
    """
    DefaultScope._instance_dict.clear()
