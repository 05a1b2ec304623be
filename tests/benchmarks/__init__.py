# Copyright (c) clipbert_mm contributors.
"""Tests of the benchmarks."""
