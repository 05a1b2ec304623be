# Copyright (c) clipbert_mm contributors.
"""Benchmark of scoring all pairs."""
