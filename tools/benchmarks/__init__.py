# Copyright (c) clipbert_mm contributors.
"""Benchmarks of loading, training and scoring."""
