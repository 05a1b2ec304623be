# Copyright (c) clipbert_mm contributors.
"""Checks of the house style that no published linter has, and file tree."""
