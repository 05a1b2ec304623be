# Copyright (c) clipbert_mm contributors.
"""Necks: from feature maps to the grid of a clip."""

from .grid_encoder import GridEncoder

__all__ = ['GridEncoder']
