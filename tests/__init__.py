# Copyright (c) clipbert_mm contributors.
"""Tests, in the layout of the package."""
