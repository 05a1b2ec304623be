# Copyright (c) clipbert_mm contributors.
"""Measurements of the clip cascade."""
