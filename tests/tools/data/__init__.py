# Copyright (c) clipbert_mm contributors.
"""Tests of the command line tools."""
