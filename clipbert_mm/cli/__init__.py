# Copyright (c) clipbert_mm contributors.
"""Command line entry points."""
