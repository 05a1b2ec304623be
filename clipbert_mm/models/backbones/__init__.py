# Copyright (c) clipbert_mm contributors.
"""Backbones: the CNN that turns frames into grids."""

from .resnet50_grid import ResNet50Grid

__all__ = ['ResNet50Grid']
