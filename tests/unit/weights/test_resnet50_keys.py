# Copyright (c) clipbert_mm contributors.
"""Tests of the names and shapes of ResNet50Grid, on the model itself."""

from clipbert_mm.models import ResNet50Grid
from clipbert_mm.weights.resnet50_keys import backbone_shapes, conv_shapes


def test_backbone_shapes__are_those_of_the_model():
    state = ResNet50Grid().state_dict()
    assert backbone_shapes() == {
        name: tuple(value.shape) for name, value in state.items()
    }
    assert len(conv_shapes()) == 53
