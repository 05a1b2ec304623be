# Copyright (c) clipbert_mm contributors.
"""Backbone: equal to MMAction2's caffe-style ResNet-50, frozen parts."""

import pytest
import torch
from mmaction.models import ResNet
from torch import nn

from clipbert_mm.models import ResNet50Grid
from clipbert_mm.models.layers.conv_norm import ConvNorm
from clipbert_mm.models.layers.subsample import subsample

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


@pytest.mark.slow
def test_resnet50_grid__equals_mmaction_caffe_resnet() -> None:
    """In value and gradient: the host's norms are operators of their own."""
    torch.manual_seed(0)
    host = ResNet(depth=50, style='caffe', norm_eval=True)
    for module in host.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.normal_(module.weight, 1.0, 0.1)
            nn.init.normal_(module.bias, 0.0, 0.1)
    host.double().eval()
    ours = ResNet50Grid().double()
    ours.load_state_dict(
        {
            name: host.state_dict()[host_name(name)]
            for name in ours.state_dict()
        }
    )
    frames = torch.randn(1, 3, 32, 64, dtype=torch.double)
    outputs = [model(frames) for model in (ours, host)]
    torch.testing.assert_close(*outputs)
    for output in outputs:
        output.pow(2).sum().backward()
    host_params = dict(host.named_parameters())
    for name, param in ours.named_parameters():
        if param.requires_grad:
            torch.testing.assert_close(
                param.grad, host_params[host_name(name)].grad
            )


@pytest.mark.parametrize('stride', [1, 2, 3])
def test_subsample__equals_slicing_and_keeps_the_memory_order(
    stride: int,
) -> None:
    x = torch.randn(2, 3, 7, 8).contiguous(memory_format=torch.channels_last)
    results = []
    for run in (subsample, lambda x, n: x[:, :, ::n, ::n]):
        leaf = x.clone().requires_grad_()
        output = run(leaf * 2, stride)
        output.pow(2).sum().backward()
        results.append((output, leaf.grad))
    for ours, expected in zip(*results):
        assert torch.equal(ours, expected)
        assert ours.is_contiguous(memory_format=torch.channels_last)


def test_resnet50_grid__channels_last_but_ordinary_parameters() -> None:
    backbone = ResNet50Grid(**TINY)
    layouts = []
    for module in backbone.modules():
        if isinstance(module, ConvNorm):
            module.register_forward_hook(
                lambda *args: layouts.append(
                    args[-1].is_contiguous(memory_format=torch.channels_last)
                )
            )
    backbone(torch.randn(2, 3, 64, 64)).sum().backward()
    assert layouts == [True] * 9
    for name, param in backbone.named_parameters():
        assert param.is_contiguous(), name
        assert param.grad is None or param.grad.is_contiguous(), name


def test_resnet50_grid__frozen_part_gets_no_gradient() -> None:
    backbone = ResNet50Grid(freeze_at=2, **TINY)
    graphs = {}
    for name in ('stem', 'res2', 'res3'):
        backbone.get_submodule(name).register_forward_hook(
            lambda *args, name=name: graphs.update({name: args[-1].grad_fn})
        )
    backbone(torch.randn(2, 3, 32, 32)).sum().backward()
    assert [name for name in graphs if graphs[name] is not None] == ['res3']
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


@pytest.mark.parametrize(
    'norm, runs, stored',
    [
        # Three frames, two at a time: two passes more over all that is
        # trained, and of that its input alone is stored.
        ('frozen', [1, 4, 4, 4], [0, 0]),
        # All frames, two blocks at a time: the input of the second pair.
        ('batch', [1, 2, 2, 2], [0, 1]),
    ],
)
def test_resnet50_grid__checkpointing_stores_less(
    norm: str, runs: list[int], stored: list[int]
) -> None:
    grads, calls, shapes = [], [], []
    for with_cp in (False, True):
        torch.manual_seed(0)
        backbone = ResNet50Grid(
            (1, 3),
            (1, 2),
            4,
            freeze_at=2,
            norm=norm,
            with_cp=with_cp,
            cp_frames=2,
        )
        backbone.init_weights()
        count = {name: 0 for name in ('res2.0', 'res3.0', 'res3.1', 'res3.2')}
        for name in count:
            backbone.get_submodule(name).register_forward_pre_hook(
                lambda *_, name=name, count=count: count.update(
                    {name: count[name] + 1}
                )
            )
        saved = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda x, saved=saved: saved.append(tuple(x.shape)) or x,
            lambda x: x,
        ):
            output = backbone(torch.randn(3, 3, 32, 32))
        output.pow(2).sum().backward()
        calls.append(list(count.values()))
        # Inside the second block; outputs of blocks.
        shapes.append([saved.count((3, 8, 4, 4)), saved.count((3, 32, 4, 4))])
        grads.append(
            {
                name: param.grad
                for name, param in backbone.named_parameters()
                if param.grad is not None
            }
        )
    assert calls == [[1, 1, 1, 1], runs]
    assert min(shapes[0]) >= 5
    assert shapes[1] == stored
    assert grads[0].keys() == grads[1].keys()
    for name, grad in grads[0].items():
        torch.testing.assert_close(grads[1][name], grad, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(norm='group'), "'group'"),
        (dict(strides=(1, 2)), r'strides=\(1, 2\)'),
        (dict(freeze_at=6), 'got 6'),
        (dict(cp_frames=0), 'got 0'),
    ],
)
def test_resnet50_grid__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ResNet50Grid(**options)
