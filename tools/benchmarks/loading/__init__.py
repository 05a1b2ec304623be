# Copyright (c) clipbert_mm contributors.
"""Benchmark of video decoding and loading."""
