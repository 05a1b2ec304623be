# Copyright (c) clipbert_mm contributors.
"""The cross-modal head as an ONNX graph, in single precision or int8."""

from typing import Any

import numpy as np

from clipbert_mm.models.heads.bert_cross_modal_head import (
    BertCrossModalHead,
    check_bert_head,
)
from clipbert_mm.utils.extras import import_extra

from .graph_writer import GraphWriter


def head_graph(
    head: BertCrossModalHead, int8: bool = False, digest: str = ''
) -> bytes:
    """Return layers, pooler and classifier of a head as an ONNX model.

    Its inputs are those of :meth:`BertCrossModalHead.encode`: ``tokens``
    float32 ``(B, S, D)`` and ``mask``, boolean ``(B, S)``. Its output
    ``logits`` is float32 ``(B, K)``. The last layer is computed at ``[CLS]``
    alone. All operators are standard (opset 20).

    With ``int8``, the products of weights with all tokens are of integers:
    weights of 7 bits with a scale for each output, inputs of 8 bits, quantised
    when they are known. What is computed at ``[CLS]`` alone and the products
    of attention stay in single precision: they cost little.

    The graph is written here and not traced by ``torch.onnx``, whose result
    and requirements differ among the releases of PyTorch.

    Args:
        head (BertCrossModalHead): Head with its weights.
        int8 (bool): Quantise. Defaults to False.
        digest (str): Digest of the weights, which is stored. Defaults to
            ``''``.

    Returns:
        bytes: ONNX model.

    Raises:
        ImportError: If ``onnx`` is not installed.
        ValueError: If the head is another one, or ONNX lacks BERT's
            activation.

    Example:
        >>> head = BertCrossModalHead(dict(num_hidden_layers=1))
        >>> open('head.onnx', 'wb').write(head_graph(head))  # doctest: +SKIP
    """
    check_bert_head(head, "ONNX, or precision='int8',")
    onnx = import_extra('onnx', 'onnx')
    graph = GraphWriter(onnx, int8)
    bias = _attention_bias(graph)
    states = 'tokens'
    bert: Any = head.bert
    layers = bert['encoder'].layer
    for i, layer in enumerate(layers):
        first = i == len(layers) - 1
        states = _layer(graph, layer, states, bias, head.config, first)
    states = graph.op('Squeeze', states, graph.constant(np.array([1])))
    pooled = graph.linear(states, bert['pooler'].dense, exact=True)
    pooled = graph.op('Tanh', pooled)
    kinds = onnx.TensorProto
    model = graph.finish(
        dict(
            tokens=(kinds.FLOAT, ['B', 'S', head.hidden_size]),
            mask=(kinds.BOOL, ['B', 'S']),
        ),
        dict(logits=(_classify(graph, head.classifier, pooled), ['B', 'K'])),
        dict(weights=digest, precision='int8' if int8 else 'float32'),
    )
    return model.SerializeToString()


def _attention_bias(graph: GraphWriter) -> str:
    """Add the mask as a bias of scores: 0, or the lowest float32."""
    mask = graph.op('Unsqueeze', 'mask', graph.constant(np.array([1, 2])))
    lowest = np.finfo(np.float32).min
    return graph.op(
        'Where',
        mask,
        graph.constant(np.float32(0)),
        graph.constant(np.float32(lowest)),
    )


def _first(graph: GraphWriter, states: str) -> str:
    """Add the choice of ``[CLS]``, ``(B, 1, D)``."""
    start, stop, axis = (graph.constant(np.array([i])) for i in (0, 1, 1))
    return graph.op('Slice', states, start, stop, axis)


def _layer(
    graph: GraphWriter,
    layer: Any,
    states: str,
    bias: str,
    config: Any,
    first: bool,
) -> str:
    """Add a layer of BERT, at all tokens or at ``[CLS]`` alone."""
    attention = layer.attention.self
    if first:
        wanted = _first(graph, states)
        query = graph.linear(wanted, attention.query, exact=True)
        joined = graph.linear(states, attention.key, attention.value)
        key, value = graph.op(
            'Split', joined, outputs=2, axis=-1, num_outputs=2
        )
    else:
        wanted = states
        joined = graph.linear(
            states, attention.query, attention.key, attention.value
        )
        query, key, value = graph.op(
            'Split', joined, outputs=3, axis=-1, num_outputs=3
        )
    size = config.hidden_size // config.num_attention_heads
    split = graph.constant(np.array([0, 0, -1, size]))

    def heads(tokens: str, order: tuple[int, ...]) -> str:
        tokens = graph.op('Reshape', tokens, split)
        return graph.op('Transpose', tokens, perm=order)

    scores = graph.op(
        'MatMul', heads(query, (0, 2, 1, 3)), heads(key, (0, 2, 3, 1))
    )
    scale = graph.constant(np.float32(size**-0.5))
    scores = graph.op('Add', graph.op('Mul', scores, scale), bias)
    weights = graph.op('Softmax', scores, axis=-1)
    context = graph.op('MatMul', weights, heads(value, (0, 2, 1, 3)))
    context = graph.op('Transpose', context, perm=(0, 2, 1, 3))
    context = graph.op(
        'Reshape', context, graph.constant(np.array([0, 0, -1]))
    )
    attended = _add_and_norm(
        graph, layer.attention.output, context, wanted, first
    )
    inner = graph.linear(attended, layer.intermediate.dense, exact=first)
    inner = graph.activation(inner, config.hidden_act)
    return _add_and_norm(graph, layer.output, inner, attended, first)


def _add_and_norm(
    graph: GraphWriter, output: Any, x: str, skipped: str, exact: bool
) -> str:
    """Add the end of a half of a layer: linear, residual, LayerNorm."""
    x = graph.linear(x, output.dense, exact=exact)
    return graph.norm(graph.op('Add', x, skipped), output.LayerNorm)


def _classify(graph: GraphWriter, classifier: Any, pooled: str) -> str:
    """Add the layers of :func:`build_classifier`."""
    layers = (
        list(classifier) if hasattr(classifier, '__len__') else [classifier]
    )
    for layer in layers:
        if hasattr(layer, 'weight'):
            pooled = graph.linear(pooled, layer, exact=True)
        else:
            pooled = graph.op('Relu', pooled)
    return pooled
