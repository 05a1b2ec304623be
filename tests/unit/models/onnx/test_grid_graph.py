# Copyright (c) clipbert_mm contributors.
"""The ONNX graph of backbone and neck against PyTorch."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from clipbert_mm.models import ClipBERT
from clipbert_mm.models.necks import TokenFusion
from clipbert_mm.models.onnx.activation_ranges import activation_ranges
from clipbert_mm.models.onnx.grid_graph import grid_graph, has_grid_graph
from clipbert_mm.models.onnx.onnx_matcher import open_session
from tests.toolbox.tiny_models import tiny_clipbert


def make_model(
    norm: str, fusion: str, pool: int, neck_norm: str | None = None
) -> ClipBERT:
    model = tiny_clipbert(
        backbone=dict(norm=norm, stage_blocks=(1, 2)),
        neck=dict(temporal_fusion=fusion, pool=pool, norm=neck_norm),
    )
    generator = torch.Generator().manual_seed(0)
    for module in (*model.backbone.modules(), *model.neck.modules()):
        if hasattr(module, 'running_var'):  # statistics and affine part
            module.running_mean.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            nn.init.uniform_(module.weight, 0.5, 2, generator=generator)
            nn.init.normal_(module.bias, generator=generator)
    return model.eval()


def make_clips(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    'norm, fusion, pool, neck_norm',
    [
        ('frozen', 'mean', 2, None),
        ('batch', 'mean', 1, 'batch'),
        ('batch', 'conv3d', 2, None),
        ('frozen', 'conv2plus1d', 1, None),
    ],
)
def test_grid_graph__equals_pytorch_at_every_size(
    norm: str, fusion: str, pool: int, neck_norm: str | None
) -> None:
    model = make_model(norm, fusion, pool, neck_norm)
    session = open_session(grid_graph(model, 'of these weights'))
    assert session.get_modelmeta().custom_metadata_map == dict(
        weights='of these weights', precision='float32'
    )
    for shape in ((2, 3, 2, 32, 32), (1, 3, 1, 50, 71), (3, 3, 4, 33, 64)):
        clips = make_clips(*shape)
        with torch.no_grad():
            expected = model.extract_grid(clips[None])[0].numpy()
        assert expected.std() > 0.1
        found = session.run(['grid'], dict(frames=clips.numpy()))[0]
        np.testing.assert_allclose(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    'fusion, pool', [('mean', 2), ('conv3d', 1), ('conv2plus1d', 1)]
)
def test_grid_graph__int8_within_a_tenth_of_the_spread(
    fusion: str, pool: int
) -> None:
    model = make_model('batch', fusion, pool)
    clips = make_clips(3, 3, 2, 64, 64)
    graph = grid_graph(model, ranges=activation_ranges(model, [clips]))
    with torch.no_grad():
        expected = model.extract_grid(clips[None])[0].numpy()
    session = open_session(graph)
    found = session.run(['grid'], dict(frames=clips.numpy()))[0]
    error = np.abs(found - expected)
    assert 0 < error.max() < 0.1 * np.ptp(expected)
    assert session.get_modelmeta().custom_metadata_map['precision'] == 'int8'


def test_grid_graph__another_neck() -> None:
    model = tiny_clipbert()
    assert has_grid_graph(model)
    model.neck = TokenFusion(8)
    assert not has_grid_graph(model)
    with pytest.raises(ValueError, match='has a ResNet50Grid and a TokenFus'):
        grid_graph(model)


def test_has_grid_graph__not_of_a_subclass() -> None:
    model = tiny_clipbert()

    class Doubled(type(model.backbone)):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * super().forward(x)

    model.backbone.__class__ = Doubled
    assert not has_grid_graph(model)
