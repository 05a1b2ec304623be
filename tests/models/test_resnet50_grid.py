# Copyright (c) clipbert_mm contributors.
"""Backbone: equal to MMAction2's caffe-style ResNet-50, frozen parts."""
import pytest
import torch
from mmaction.models import ResNet

from clipbert_mm.models import ResNet50Grid

TINY = dict(stage_blocks=(1, 1), strides=(1, 2), base_channels=4)


def host_name(name: str) -> str:
    """Our parameter's name in MMAction2's ResNet."""
    name = name.replace('stem.conv1.norm.', 'conv1.bn.')
    name = name.replace('stem.conv1.', 'conv1.conv.')
    for i in range(2, 6):
        name = name.replace(f'res{i}.', f'layer{i - 1}.')
    name = name.replace('.shortcut.norm.', '.downsample.bn.')
    name = name.replace('.shortcut.weight', '.downsample.conv.weight')
    for i in (1, 2, 3):
        name = name.replace(f'.conv{i}.norm.', f'.conv{i}.bn.')
        if name.startswith('layer'):
            name = name.replace(f'.conv{i}.weight', f'.conv{i}.conv.weight')
    return name


def test_resnet50_grid__equals_mmaction_caffe_resnet() -> None:
    torch.manual_seed(0)
    host = ResNet(depth=50, style='caffe', norm_eval=True)
    for module in host.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    host.eval()
    ours = ResNet50Grid()
    ours.load_state_dict({
        name: host.state_dict()[host_name(name)]
        for name in ours.state_dict()
    })
    frames = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(
            ours(frames), host(frames), rtol=1e-4, atol=1e-5)


def test_resnet50_grid__frozen_part_gets_no_gradient() -> None:
    backbone = ResNet50Grid(freeze_at=2, **TINY)
    backbone(torch.randn(2, 3, 32, 32)).sum().backward()
    for name, param in backbone.named_parameters():
        if name.startswith(('stem.', 'res2.')):
            assert param.grad is None, name
        else:
            assert torch.isfinite(param.grad).all(), name
            assert param.grad.abs().sum() > 0, name


def test_resnet50_grid__norms_are_buffers() -> None:
    names = [name for name, _ in ResNet50Grid(**TINY).named_parameters()]
    assert not [name for name in names if '.norm.' in name]
    trained = ResNet50Grid(norm='batch', freeze_at=0, **TINY)
    assert [n for n, _ in trained.named_parameters() if '.norm.' in n]


def test_resnet50_grid__frozen_batch_norms_keep_their_statistics() -> None:
    backbone = ResNet50Grid(norm='batch', freeze_at=1, **TINY).train()
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    backbone(torch.randn(2, 3, 32, 32) + 3)
    after = backbone.state_dict()
    key = 'conv1.norm.running_mean'
    assert torch.equal(before[f'stem.{key}'], after[f'stem.{key}'])
    assert not torch.equal(before[f'res2.0.{key}'], after[f'res2.0.{key}'])


def test_resnet50_grid__checkpointing_recomputes_the_trained_stages() -> None:
    grads, calls = [], []
    for with_cp in (False, True):
        torch.manual_seed(0)
        backbone = ResNet50Grid(
            (1, 1, 1), (1, 2, 2), 4, freeze_at=2, with_cp=with_cp)
        backbone.init_weights()
        count = dict(res2=0, res3=0, res4=0)
        for name in count:
            backbone.get_submodule(name).register_forward_pre_hook(
                lambda *_, name=name, count=count: count.update(
                    {name: count[name] + 1}))
        backbone(torch.ones(1, 3, 32, 32)).pow(2).sum().backward()
        calls.append(count)
        grads.append(backbone.res3[0].conv1.weight.grad)
    assert calls == [
        dict(res2=1, res3=1, res4=1),
        dict(res2=1, res3=2, res4=2)
    ]
    assert torch.equal(*grads)


@pytest.mark.parametrize('options, message', [
    (dict(norm='group'), "'group'"),
    (dict(strides=(1, 2)), r'strides=\(1, 2\)'),
    (dict(freeze_at=6), 'got 6'),
])
def test_resnet50_grid__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ResNet50Grid(**options)
