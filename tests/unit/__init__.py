# Copyright (c) clipbert_mm contributors.
"""Unit tests, in the layout of the package."""
