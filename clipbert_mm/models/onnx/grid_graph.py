# Copyright (c) clipbert_mm contributors.
"""Backbone and grid encoder as an ONNX graph, in single precision."""

from typing import Any

import numpy as np
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from clipbert_mm.models.backbones.resnet50_grid import Bottleneck, ResNet50Grid
from clipbert_mm.models.clipbert import ClipBERT
from clipbert_mm.models.necks.grid_encoder import GridEncoder
from clipbert_mm.utils.extras import import_extra

from .graph_writer import GraphWriter


def has_grid_graph(model: ClipBERT) -> bool:
    """Return whether :func:`grid_graph` knows the layers of a model.

    Args:
        model (ClipBERT): The model.

    Returns:
        bool: False for backbones other than :class:`ResNet50Grid` and necks
        other than :class:`GridEncoder`.
    """
    # Subclasses may compute something else.
    return (
        type(model.backbone) is ResNet50Grid
        and type(model.neck) is GridEncoder
    )


def grid_graph(model: ClipBERT, digest: str = '') -> bytes:
    """Return backbone and neck of a model as an ONNX model.

    Its input ``frames`` is float32 ``(B, ch, T, H, W)``, the clips of
    :meth:`ClipBERT.extract_grid`; its output ``grid`` is float32
    ``(B, Hg, Wg, D)``. Every size but ``ch`` is free. Batch norms are folded
    into the convolutions, and a stage's stride is that of its first 1x1
    convolutions, which read nothing else of the map. All operators are
    standard (opset 20).

    Args:
        model (ClipBERT): Model with its weights.
        digest (str): Digest of the weights, which is stored. Defaults to
            ``''``.

    Returns:
        bytes: ONNX model.

    Raises:
        ImportError: If ``onnx`` is not installed.
        ValueError: If the model has another backbone or neck.

    Example:
        >>> graph = grid_graph(model)  # doctest: +SKIP
        >>> open('grid.onnx', 'wb').write(graph)  # doctest: +SKIP
    """
    if not has_grid_graph(model):
        raise ValueError(
            'A graph of the CNN needs a ResNet50Grid and a GridEncoder, but '
            f'the model has a {type(model.backbone).__name__} and a '
            f'{type(model.neck).__name__}. Run them in PyTorch.'
        )
    onnx = import_extra('onnx', 'onnx')
    graph = GraphWriter(onnx, int8=False)
    features = _backbone(graph, model.backbone, _fold_frames(graph))
    grid = _neck(graph, model.neck, features)
    written = graph.finish(
        dict(frames=(onnx.TensorProto.FLOAT, ['B', 3, 'T', 'H', 'W'])),
        dict(grid=(grid, ['B', 'Hg', 'Wg', model.neck.out_channels])),
        dict(weights=digest, precision='float32'),
    )
    return written.SerializeToString()


def _fold_frames(graph: GraphWriter) -> str:
    """Add the step from clips ``(B, ch, T, H, W)`` to frames, as images."""
    frames = graph.op('Transpose', 'frames', perm=(0, 2, 1, 3, 4))
    size = graph.op('Shape', 'frames', start=3)
    return _reshape(graph, frames, graph.constant(np.array([-1, 3])), size)


def _reshape(graph: GraphWriter, x: str, *shape: str) -> str:
    return graph.op('Reshape', x, graph.op('Concat', *shape, axis=0))


def _backbone(graph: GraphWriter, backbone: Any, x: str) -> str:
    x = graph.op('Relu', _conv_norm(graph, backbone.stem.conv1, x))
    x = graph.op(
        'MaxPool', x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4
    )
    for name, stride in zip(backbone.stage_names, backbone.strides):
        for i, block in enumerate(backbone.get_submodule(name)):
            x = _bottleneck(graph, block, x, 1 if i else stride)
    return x


def _bottleneck(
    graph: GraphWriter, block: Bottleneck, x: str, stride: int
) -> str:
    out = graph.op('Relu', _conv_norm(graph, block.conv1, x, stride))
    out = graph.op('Relu', _conv_norm(graph, block.conv2, out))
    out = _conv_norm(graph, block.conv3, out)
    if block.shortcut is not None:
        x = _conv_norm(graph, block.shortcut, x, stride)
    return graph.op('Relu', graph.op('Add', out, x))


def _conv_norm(graph: GraphWriter, layer: Any, x: str, stride: int = 1) -> str:
    """Add a :class:`ConvNorm` in evaluation mode."""
    norm = layer.norm  # a frozen one or PyTorch's, with equal names
    weight, bias = fuse_conv_bn_weights(
        layer.weight,
        None,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
    return graph.conv(x, weight, bias, layer.stride[0] * stride)


def _neck(graph: GraphWriter, neck: GridEncoder, x: str) -> str:
    """Add the layers of a :class:`GridEncoder`, from frames to clips."""
    x = graph.conv(x, neck.conv.weight, None)
    side = [neck.pool] * 2
    x = graph.op('MaxPool', x, kernel_shape=side, strides=side)
    x = graph.op('Relu', x)
    batch = graph.op('Shape', 'frames', start=0, end=1)
    times = graph.op('Shape', 'frames', start=2, end=3)
    # (B * T, D, Hg, Wg) -> (B, T, D, Hg, Wg) -> (B, D, T, Hg, Wg)
    x = _reshape(graph, x, batch, times, graph.op('Shape', x, start=1))
    x = graph.op('Transpose', x, perm=(0, 2, 1, 3, 4))
    if neck.temporal is not None:
        for layer in neck.temporal.modules():
            if isinstance(layer, nn.Conv3d):
                x = graph.op('Relu', graph.conv(x, layer.weight, layer.bias))
    x = graph.op('ReduceMean', x, graph.constant(np.array([2])), keepdims=0)
    return graph.op('Transpose', x, perm=(0, 2, 3, 1))
