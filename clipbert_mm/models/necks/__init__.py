# Copyright (c) clipbert_mm contributors.
"""Necks: from feature maps to the grid of a clip."""

from .grid_encoder import GridEncoder
from .token_fusion import TokenFusion

__all__ = ['GridEncoder', 'TokenFusion']
