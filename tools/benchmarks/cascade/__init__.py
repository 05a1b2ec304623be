# Copyright (c) clipbert_mm contributors.
"""Benchmark of the clip cascade: passes saved, and recall lost."""
