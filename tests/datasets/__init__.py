# Copyright (c) clipbert_mm contributors.
"""Tests of the data sets."""
