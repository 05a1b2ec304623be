# Copyright (c) clipbert_mm contributors.
"""Tests of tools/checks."""
