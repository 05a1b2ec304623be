# Copyright (c) clipbert_mm contributors.
"""Benchmark of the training step: time and memory."""
