# Copyright (c) clipbert_mm contributors.
"""Tests of weight conversion."""
