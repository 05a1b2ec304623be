# Copyright (c) clipbert_mm contributors.
"""Backbones: from frames to feature maps."""

from .bridge_tower_vision import BridgeTowerVision
from .resnet50_grid import ResNet50Grid
from .transformers_vision import TransformersVision
from .vilt_patches import ViltPatches

__all__ = [
    'BridgeTowerVision',
    'ResNet50Grid',
    'TransformersVision',
    'ViltPatches',
]
