# Copyright (c) clipbert_mm contributors.
"""Tests of clipbert_mm.quickstart.demo."""
