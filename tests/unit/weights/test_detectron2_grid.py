# Copyright (c) clipbert_mm contributors.
"""Tests of the key table of detectron2's ResNet-50."""

import pytest
import torch

from clipbert_mm.weights import ConversionError, convert_detectron2
from tests.toolbox import reference_data


def make_detector() -> dict[str, torch.Tensor]:
    """Make a grid-feats-vqa checkpoint: the names after ``cnn.feature.``."""
    prefix = 'cnn.feature.'
    shapes = reference_data.full_size_shapes('retrieval_ce')
    return {
        name[len(prefix) :]: torch.full((1,), float(index)).expand(shape)
        for index, (name, shape) in enumerate(shapes.items())
        if name.startswith(prefix)
    }


def test_convert_detectron2__detector_keeps_its_backbone():
    state = make_detector()
    new, report = convert_detectron2(state)
    assert len(state) == 285
    assert len(new) == 265
    assert len(report.dropped) == 20
    for name, value in new.items():
        assert torch.equal(value, state[name])


def test_convert_detectron2__bare_backbone_gets_the_prefix():
    bare = {
        name.removeprefix('backbone.'): value
        for name, value in make_detector().items()
        if name.startswith('backbone.')
    }
    new, _ = convert_detectron2(bare)
    assert torch.equal(
        new['backbone.res5.2.conv3.weight'], bare['res5.2.conv3.weight']
    )


def test_convert_detectron2__pixel_statistics_are_dropped():
    state = make_detector()
    state['pixel_mean'] = torch.tensor([103.53, 116.28, 123.675])
    state['pixel_std'] = torch.ones(3)
    _, report = convert_detectron2(state)
    assert 'data preprocessor' in report.dropped['pixel_mean']


def test_convert_detectron2__scaled_pixels_raise():
    state = make_detector()
    state['pixel_std'] = torch.tensor([57.5, 57.0, 58.5])
    with pytest.raises(ConversionError, match='pixel_std 1, but got .57.5'):
        convert_detectron2(state)


def test_convert_detectron2__deeper_network_raises():
    state = make_detector()
    state['backbone.res4.6.conv1.weight'] = torch.zeros(256, 1024, 1, 1)
    with pytest.raises(ConversionError, match=r'unknown: .*res4\.6\.conv1'):
        convert_detectron2(state)


def test_convert_detectron2__wider_network_raises():
    state = make_detector()
    state['backbone.res2.0.conv1.weight'] = torch.zeros(256, 64, 1, 1)
    with pytest.raises(
        ConversionError,
        match=r'expected shape \(64, 64, 1, 1\), but got \(256, 64, 1, 1\)',
    ):
        convert_detectron2(state)
