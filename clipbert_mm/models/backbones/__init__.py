# Copyright (c) clipbert_mm contributors.
"""Backbones: from frames to feature maps."""

from .resnet50_grid import ResNet50Grid
from .transformers_vision import TransformersVision
from .vilt_patches import ViltPatches

__all__ = ['ResNet50Grid', 'TransformersVision', 'ViltPatches']
