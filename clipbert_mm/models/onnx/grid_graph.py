# Copyright (c) clipbert_mm contributors.
"""Backbone and grid encoder as an ONNX graph, single precision or int8."""

from typing import Any

import numpy as np
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from clipbert_mm.models.backbones.resnet50_grid import Bottleneck, ResNet50Grid
from clipbert_mm.models.clipbert import ClipBERT
from clipbert_mm.models.layers.conv_norm import ConvNorm
from clipbert_mm.models.necks.grid_encoder import GridEncoder
from clipbert_mm.utils.extras import import_extra

from .graph_writer import GraphWriter


class _GridWriter(GraphWriter):
    """Graph that rounds activations, or says which could be rounded.

    Args:
        onnx (Any): The module ``onnx``.
        ranges (np.ndarray | None): Range of each activation, ``(P, 2)``. None
            rounds none.
    """

    def __init__(self, onnx: Any, ranges: np.ndarray | None) -> None:
        super().__init__(onnx, int8=False)
        self.points: list[str] = []
        self._ranges = ranges

    def point(self, x: str) -> str:
        """Add the rounding of an activation.

        Args:
            x (str): Activation.

        Returns:
            str: Name of the rounded activation, or ``x``.
        """
        self.points.append(x)
        if self._ranges is None:
            return x
        low, high = self._ranges[len(self.points) - 1].tolist()
        return self.rounded(x, low, high)


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


def grid_graph(
    model: ClipBERT, digest: str = '', ranges: np.ndarray | None = None
) -> bytes:
    """Return backbone and neck of a model as an ONNX model.

    Its input ``frames`` is float32 ``(B, ch, T, H, W)``, the clips of
    :meth:`ClipBERT.extract_grid`; its output ``grid`` is float32
    ``(B, Hg, Wg, D)``. Every size but ``ch`` is free. Batch norms are folded
    into the convolutions, and a stage's stride is that of its first 1x1
    convolutions, which read nothing else of the map. All operators are
    standard (opset 20).

    With ``ranges``, the 2D convolutions multiply integers: weights of 7 bits
    with a scale for each output, activations of 8 bits in these ranges.

    Args:
        model (ClipBERT): Model with its weights.
        digest (str): Digest of the weights, which is stored. Defaults to
            ``''``.
        ranges (np.ndarray | None): Result of :func:`activation_ranges`.
            Defaults to None, single precision.

    Returns:
        bytes: ONNX model.

    Raises:
        ImportError: If ``onnx`` is not installed.
        ValueError: If the model has another backbone or neck.

    Example:
        >>> graph = grid_graph(model)  # doctest: +SKIP
        >>> open('grid.onnx', 'wb').write(graph)  # doctest: +SKIP
    """
    graph, grid = _write(model, ranges)
    shape = ['B', 'Hg', 'Wg', model.neck.out_channels]
    precision = 'float32' if ranges is None else 'int8'
    return _finish(
        graph,
        dict(grid=(grid, shape)),
        dict(weights=digest, precision=precision),
    )


def range_graph(model: ClipBERT) -> bytes:
    """Return an ONNX model that measures activations instead.

    Args:
        model (ClipBERT): Model with its weights.

    Returns:
        bytes: ONNX model with the input of :func:`grid_graph`. Its output
        ``ranges`` has the smallest and the largest value of each activation,
        ``(P, 2)``.

    Raises:
        ImportError: If ``onnx`` is not installed.
        ValueError: If the model has another backbone or neck.
    """
    graph, _ = _write(model, None)
    flat = graph.constant(np.array([1, 1]))
    ends = [
        graph.op('Reshape', graph.op(kind, x, keepdims=0), flat)
        for x in graph.points
        for kind in ('ReduceMin', 'ReduceMax')
    ]
    pairs = [
        graph.op('Concat', *ends[i : i + 2], axis=1)
        for i in range(0, len(ends), 2)
    ]
    ranges = graph.op('Concat', *pairs, axis=0)
    return _finish(graph, dict(ranges=(ranges, [len(pairs), 2])), {})


def _write(
    model: ClipBERT, ranges: np.ndarray | None
) -> tuple[_GridWriter, str]:
    """Write the layers, and return the name of the grid."""
    if not has_grid_graph(model):
        raise ValueError(
            'A graph of the CNN needs a ResNet50Grid and a GridEncoder, but '
            f'the model has a {type(model.backbone).__name__} and a '
            f'{type(model.neck).__name__}. Run them in PyTorch.'
        )
    graph = _GridWriter(import_extra('onnx', 'onnx'), ranges)
    features = _backbone(graph, model.backbone, _fold_frames(graph))
    return graph, _neck(graph, model.neck, features)


def _finish(
    graph: GraphWriter, outputs: dict[str, tuple[str, list]], metadata: dict
) -> bytes:
    kind = import_extra('onnx', 'onnx').TensorProto.FLOAT
    frames = (kind, ['B', 3, 'T', 'H', 'W'])
    model = graph.finish(dict(frames=frames), outputs, metadata)
    return model.SerializeToString()


def _fold_frames(graph: GraphWriter) -> str:
    """Add the step from clips ``(B, ch, T, H, W)`` to frames, as images."""
    frames = graph.op('Transpose', 'frames', perm=(0, 2, 1, 3, 4))
    size = graph.op('Shape', 'frames', start=3)
    return _reshape(graph, frames, graph.constant(np.array([-1, 3])), size)


def _reshape(graph: GraphWriter, x: str, *shape: str) -> str:
    return graph.op('Reshape', x, graph.op('Concat', *shape, axis=0))


def _backbone(graph: _GridWriter, backbone: Any, x: str) -> str:
    x = _conv_relu(graph, backbone.stem.conv1, graph.point(x))
    x = _pool(graph, x, 3, 2, 1)
    for name, stride in zip(backbone.stage_names, backbone.strides):
        for i, block in enumerate(backbone.get_submodule(name)):
            x = _bottleneck(graph, block, x, 1 if i else stride)
    return x


def _bottleneck(
    graph: _GridWriter, block: Bottleneck, x: str, stride: int
) -> str:
    out = _conv_relu(graph, block.conv1, x, stride)
    out = _conv_relu(graph, block.conv2, out)
    out = graph.point(_conv_norm(graph, block.conv3, out))
    if block.shortcut is not None:
        x = graph.point(_conv_norm(graph, block.shortcut, x, stride))
    return graph.point(graph.op('Relu', graph.op('Add', out, x)))


def _conv_relu(graph: _GridWriter, layer: Any, x: str, stride: int = 1) -> str:
    return graph.point(graph.op('Relu', _conv_norm(graph, layer, x, stride)))


def _pool(graph: GraphWriter, x: str, side: int, stride: int, pad: int) -> str:
    """Add a max-pool, which keeps the rounding of its input."""
    pooled = graph.op(
        'MaxPool',
        x,
        kernel_shape=[side] * 2,
        strides=[stride] * 2,
        pads=[pad] * 4,
    )
    known = graph.ranges.get(x)
    return pooled if known is None else graph.rounded(pooled, *known)


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


def _neck(graph: _GridWriter, neck: GridEncoder, x: str) -> str:
    """Add the layers of a :class:`GridEncoder`, from frames to clips."""
    x = graph.point(
        _conv_norm(graph, neck.conv, x)
        if isinstance(neck.conv, ConvNorm)
        else graph.conv(x, neck.conv.weight, None)
    )
    x = graph.op('Relu', _pool(graph, x, neck.pool, neck.pool, 0))
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
