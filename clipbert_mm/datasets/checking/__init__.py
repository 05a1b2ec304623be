# Copyright (c) clipbert_mm contributors.
"""Checks of the data that a config reads."""
