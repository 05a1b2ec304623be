# Copyright (c) clipbert_mm contributors.
"""Tests of the key tables of torchvision's and MMAction2's ResNet-50."""

import pytest
import torch
from mmaction.registry import MODELS
from torch.nn import functional

from clipbert_mm.weights import ConversionError, convert_image_resnet
from clipbert_mm.weights.image_resnet import PIXEL_STD, fold_pixel_scale


@pytest.fixture(scope='module')
def host_state() -> dict[str, torch.Tensor]:
    model = MODELS.build(
        dict(type='ResNet', depth=50, norm_eval=False, pretrained=None)
    )
    return model.state_dict()


def to_torchvision(state):
    """Rename MMAction2's tensors to torchvision's names."""
    renamed = {}
    for name, value in state.items():
        name = name.replace('downsample.conv', 'downsample.0')
        name = name.replace('downsample.bn', 'downsample.1')
        for number in '123':
            name = name.replace(f'conv{number}.conv', f'conv{number}')
            name = name.replace(f'conv{number}.bn', f'bn{number}')
        renamed[name] = value
    renamed['fc.weight'] = torch.zeros(1000, 2048)
    renamed['fc.bias'] = torch.zeros(1000)
    return renamed


@pytest.mark.slow
def test_convert_image_resnet__mmaction_model_is_accounted_for(host_state):
    new, report = convert_image_resnet(host_state)
    assert len(new) == 265
    assert len(report.used) + len(report.dropped) == len(host_state)
    assert torch.equal(
        new['backbone.res3.0.shortcut.weight'],
        host_state['layer2.0.downsample.conv.weight'],
    )
    assert torch.equal(
        new['backbone.res5.2.conv3.norm.running_var'],
        host_state['layer4.2.conv3.bn.running_var'],
    )


def test_convert_image_resnet__recogniser_prefix_and_head(host_state):
    state = {f'backbone.{name}': value for name, value in host_state.items()}
    state['cls_head.fc_cls.weight'] = torch.zeros(700, 2048)
    new, report = convert_image_resnet(state)
    assert len(new) == 265
    assert 'classifier' in report.dropped['cls_head.fc_cls.weight']


def test_convert_image_resnet__torchvision_names_give_the_same(host_state):
    ours, _ = convert_image_resnet(host_state)
    new, report = convert_image_resnet(to_torchvision(host_state))
    assert new.keys() == ours.keys()
    assert all(torch.equal(new[name], ours[name]) for name in new)
    assert 'classifier' in report.dropped['fc.weight']
    assert any('stride' in note for note in report.notes)


def test_fold_pixel_scale__same_response_on_unscaled_bgr():
    torch.manual_seed(0)
    weight = torch.randn(64, 3, 7, 7)
    rgb = torch.rand(1, 3, 16, 16) * 255 - 120
    std = torch.tensor(PIXEL_STD).view(1, 3, 1, 1)
    expected = functional.conv2d(rgb / std, weight)
    actual = functional.conv2d(rgb.flip(1), fold_pixel_scale(weight))
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-4)


def test_convert_image_resnet__another_depth_raises(host_state):
    state = {**host_state, 'layer3.6.conv1.conv.weight': torch.zeros(1)}
    with pytest.raises(ConversionError, match='unknown: layer3.6.conv1'):
        convert_image_resnet(state)
