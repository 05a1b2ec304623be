# Copyright (c) clipbert_mm contributors.
"""Measured ranges of activations against those that PyTorch computes."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from clipbert_mm.models.layers.conv_norm import ConvNorm
from clipbert_mm.models.onnx.activation_ranges import activation_ranges
from tests.unit.models.onnx.test_grid_graph import make_clips, make_model


def test_activation_ranges__equal_pytorch() -> None:
    model = make_model('batch', 'mean', 1)
    seen: dict[int, list[Tensor]] = {}

    def keep(module: nn.Module, _: tuple, output: Tensor) -> None:
        seen.setdefault(id(module), []).append(output.detach().clone())

    layers = [m for m in model.backbone.modules() if isinstance(m, ConvNorm)]
    handles = [m.register_forward_hook(keep) for m in layers]
    handles.append(model.neck.conv.register_forward_hook(keep))
    videos = [make_clips(2, 3, 2, 32, 32), 3 * make_clips(1, 3, 2, 32, 32)]
    for clips in videos:
        model.extract_grid(clips[None])
    found = activation_ranges(model, videos)

    def ends(module: nn.Module, relu: bool) -> list[float]:
        values = torch.cat([v.flatten() for v in seen[id(module)]])
        values = values.relu() if relu else values
        return [min(values.min().item(), 0), max(values.max().item(), 0)]

    block = model.backbone.res3[0]
    pixels = torch.cat([clips.flatten() for clips in videos])
    expected = {
        0: [pixels.min().item(), pixels.max().item()],
        1: ends(model.backbone.stem.conv1, relu=True),
        -10: ends(block.conv1, relu=True),
        -9: ends(block.conv2, relu=True),
        -8: ends(block.conv3, relu=False),
        -7: ends(block.shortcut, relu=False),
        -1: ends(model.neck.conv, relu=False),
    }
    assert len(found) == 17  # three blocks, two of them with shortcuts
    for point, pair in expected.items():
        np.testing.assert_allclose(found[point], pair, rtol=1e-4, atol=1e-4)
    for handle in handles:
        handle.remove()


def test_activation_ranges__no_videos() -> None:
    with pytest.raises(ValueError, match='one video or more, but got none.'):
        activation_ranges(make_model('frozen', 'mean', 1), [])
