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


def test_activation__unknown() -> None:
    with pytest.raises(ValueError, match="is 'mish'. Use another precision."):
        GraphWriter(onnx, int8=False).activation('x', 'mish')
