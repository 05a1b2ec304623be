# Copyright (c) clipbert_mm contributors.
"""Tests of the quantisation of weights and of single nodes."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from clipbert_mm.models.onnx.graph_writer import (
    MAX_WEIGHT,
    GraphWriter,
    quantise_rows,
)
from clipbert_mm.models.onnx.onnx_matcher import open_session


def test_quantise_rows__within_half_a_scale() -> None:
    weight = torch.randn(6, 40, generator=torch.Generator().manual_seed(0))
    weight[2] = 0
    weight[3] *= 1000
    values, scale = quantise_rows(weight)
    assert values.dtype == torch.int8
    assert values.abs().max() == MAX_WEIGHT
    assert (values[2] == 0).all()
    error = (values * scale[:, None] - weight).abs()
    assert (error <= scale[:, None] * 0.5001).all()


def test_linear__int8_equals_integers_multiplied_by_numpy() -> None:
    torch.manual_seed(0)
    layers = [nn.Linear(40, 3), nn.Linear(40, 2)]
    graph = GraphWriter(onnx, int8=True)
    joined = graph.linear('x', *layers)
    inputs = dict(x=(onnx.TensorProto.FLOAT, ['B', 40]))
    model = graph.finish(
        inputs, dict(logits=(joined, ['B', 5])), dict(head='of a test')
    )
    session = open_session(model.SerializeToString())
    assert session.get_modelmeta().custom_metadata_map['head'] == 'of a test'

    x = np.random.default_rng(0).normal(size=(7, 40)).astype(np.float32)
    found = session.run(['logits'], dict(x=x))[0]

    step = (x.max() - x.min()) / 255
    zero = np.round(-x.min() / step)
    inputs8 = np.clip(np.round(x / step) + zero, 0, 255) - zero
    weight = torch.cat([layer.weight for layer in layers]).detach().numpy()
    scale = np.abs(weight).max(1) / MAX_WEIGHT
    weight8 = np.round(weight / scale[:, None])
    bias = torch.cat([layer.bias for layer in layers]).detach().numpy()
    expected = (inputs8 @ weight8.T) * step * scale + bias
    # A value halfway between two integers may be rounded either way.
    np.testing.assert_allclose(found, expected, atol=2 * step * scale.max())


@pytest.mark.parametrize('with_bias', [True, False])
def test_conv__of_rounded_activations_equals_integers_of_pytorch(
    with_bias: bool,
) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 5, 3, stride=2, padding=1, bias=with_bias)
    x = torch.randn(2, 4, 9, 12)
    low, high = -2.5, 3.0  # some values lie outside
    graph = GraphWriter(onnx, int8=False)
    rounded = graph.rounded('x', low, high)
    out = graph.conv(rounded, layer.weight.detach(), layer.bias, 2)
    shape = [2, 4, 9, 12]
    model = graph.finish(
        dict(x=(onnx.TensorProto.FLOAT, shape)),
        dict(y=(out, [2, 5, 5, 6])),
        {},
    )
    session = open_session(model.SerializeToString())
    found = session.run(['y'], dict(x=x.numpy()))[0]

    step = (high - low) / 255
    zero = round(-low / step)
    x8 = ((x / step).round() + zero).clamp(0, 255) - zero
    rows = layer.weight.detach().flatten(1)
    scale = rows.abs().amax(1) / MAX_WEIGHT
    weight8 = (rows / scale[:, None]).round().view(layer.weight.shape)
    expected = nn.functional.conv2d(x8, weight8, None, 2, 1)
    expected *= (scale * step)[:, None, None]
    if with_bias:
        expected += layer.bias.detach()[:, None, None]
    assert (x8 == 255 - zero).any()
    # The bias is rounded to the steps of the sums.
    np.testing.assert_allclose(
        found, expected.numpy(), atol=2 * step * scale.max().item()
    )


def test_activation__unknown() -> None:
    with pytest.raises(ValueError, match="is 'mish'. Use another precision."):
        GraphWriter(onnx, int8=False).activation('x', 'mish')
