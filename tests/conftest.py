# Copyright (c) clipbert_mm contributors.
"""Repairs the host packages before any test module imports them."""

import pytest
from mmengine.registry import DefaultScope

import clipbert_mm  # noqa: F401


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start every test as a process starts: without a default scope.

    MMEngine keeps the scope of the last runner for the whole process, and
    ``MODELS.build`` then looks in the registry of that scope.
    """
    DefaultScope._instance_dict.clear()
