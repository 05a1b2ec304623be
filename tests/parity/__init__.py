# Copyright (c) clipbert_mm contributors.
"""Comparisons with the recorded numbers of the original implementation."""
