# Copyright (c) clipbert_mm contributors.
"""Whole runs: training, testing, the quickstart and the installed package."""
