# Copyright (c) clipbert_mm contributors.
"""Benchmark of explanations: where they point, and what hiding it costs."""
