# Copyright (c) clipbert_mm contributors.
"""Backbones: from frames to feature maps."""

from .resnet50_grid import ResNet50Grid

__all__ = ['ResNet50Grid']
