# Copyright (c) clipbert_mm contributors.
"""Write ONNX nodes of linear layers, convolutions, norms, activations."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

OPSET = 20  # the first with Gelu
IR_VERSION = 9

#: ONNX operators of Hugging Face's activations, with their attributes.
ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    'gelu': ('Gelu', {}),
    'gelu_new': ('Gelu', dict(approximate='tanh')),
    'gelu_pytorch_tanh': ('Gelu', dict(approximate='tanh')),
    'relu': ('Relu', {}),
}

#: Largest magnitude of a quantised weight, 7 bits: the instructions of CPUs
#: without VNNI add two products of 8 bits in 16 bits, and saturate.
MAX_WEIGHT = 63


class GraphWriter:
    """Nodes and weights of a growing ONNX graph.

    Args:
        onnx (Any): The module ``onnx``.
        int8 (bool): Multiply integers in :meth:`linear`.
    """

    def __init__(self, onnx: Any, int8: bool) -> None:
        self._onnx = onnx
        self.int8 = int8
        self._nodes: list = []
        self._weights: list = []
        #: Range of each activation that was rounded, by name.
        self.ranges: dict[str, tuple[float, float]] = {}

    def op(
        self,
        kind: str,
        *inputs: str,
        outputs: int | None = None,
        **attributes: Any,
    ) -> Any:
        """Add a node.

        Args:
            kind (str): Operator.
            *inputs (str): Names of its inputs.
            outputs (int | None): Number of outputs. Defaults to None: one,
                whose name is returned alone.
            **attributes (Any): Attributes of the operator.

        Returns:
            Any: Name of the output, or a list of names.
        """
        number = len(self._nodes)
        names = [f'{kind}_{number}_{i}' for i in range(outputs or 1)]
        self._nodes.append(
            self._onnx.helper.make_node(
                kind, inputs, names, f'{kind}_{number}', **attributes
            )
        )
        return names[0] if outputs is None else names

    def constant(self, value: Any) -> str:
        """Add a constant.

        Args:
            value (Any): Tensor, array or number; without a type it is int64.

        Returns:
            str: Its name.
        """
        if isinstance(value, Tensor):
            value = value.detach().cpu().numpy()
        name = f'constant_{len(self._weights)}'
        self._weights.append(
            self._onnx.numpy_helper.from_array(np.asarray(value), name)
        )
        return name

    def linear(self, x: str, *layers: Any, exact: bool = False) -> str:
        """Add linear layers with the same input, their outputs joined.

        Args:
            x (str): Input, ``(..., D)``.
            *layers (Any): ``nn.Linear``.
            exact (bool): Multiply floating-point numbers in any case.
                Defaults to False.

        Returns:
            str: Name of the output.
        """
        weight = torch.cat([layer.weight for layer in layers]).detach().cpu()
        bias = self.constant(torch.cat([layer.bias for layer in layers]))
        if exact or not self.int8:
            matrix = self.constant(weight.T.contiguous())
            return self.op('Add', self.op('MatMul', x, matrix), bias)
        values, scale = quantise_rows(weight)
        # ONNX Runtime recognises these nodes and runs them as one.
        inputs, x_scale, x_zero = self.op(
            'DynamicQuantizeLinear', x, outputs=3
        )
        products = self.op(
            'MatMulInteger',
            inputs,
            self.constant(values.T.contiguous()),
            x_zero,
            self.constant(np.zeros((), np.int8)),
        )
        sums = self.op('Cast', products, to=self._onnx.TensorProto.FLOAT)
        scales = self.op('Mul', x_scale, self.constant(scale))
        return self.op('Add', self.op('Mul', sums, scales), bias)

    def conv(
        self, x: str, weight: Tensor, bias: Tensor | None, stride: int = 1
    ) -> str:
        """Add a convolution whose padding keeps the size at stride 1.

        It multiplies integers if the input was :meth:`rounded`.

        Args:
            x (str): Input, ``(N, in_channels, ...)``.
            weight (Tensor): ``(out_channels, in_channels, ...)``; the kernel
                has odd sides.
            bias (Tensor | None): ``(out_channels, )``.
            stride (int): Stride. Defaults to 1.

        Returns:
            str: Name of the output.
        """
        kernel = list(weight.shape[2:])
        if x in self.ranges:
            inputs = self._rounded_weights(
                weight, bias, _scale(*self.ranges[x])
            )
        else:
            inputs = [self.constant(weight)]
            inputs += [] if bias is None else [self.constant(bias)]
        return self.op(
            'Conv',
            x,
            *inputs,
            kernel_shape=kernel,
            strides=[stride] * len(kernel),
            pads=[side // 2 for side in kernel] * 2,
        )

    def rounded(self, x: str, low: float, high: float) -> str:
        """Add the rounding of activations to 8 bits.

        Args:
            x (str): Activations.
            low (float): Smallest of them that is kept, 0 or less.
            high (float): Largest, above ``low``.

        Returns:
            str: Name of the rounded activations.
        """
        scale = _scale(low, high)
        options = [
            self.constant(np.float32(scale)),
            self.constant(np.uint8(round(-low / scale))),
        ]
        integers = self.op('QuantizeLinear', x, *options)
        name = self.op('DequantizeLinear', integers, *options)
        self.ranges[name] = (low, high)
        return name

    def _rounded_weights(
        self, weight: Tensor, bias: Tensor | None, x_scale: float
    ) -> list[str]:
        """Add the weights of a convolution of integers."""
        rows, scale = quantise_rows(weight.flatten(1))
        values = [(rows.view(weight.shape), scale)]
        if bias is not None:
            steps = scale * x_scale
            values.append(((bias / steps).round().to(torch.int32), steps))
        return [
            self.op(
                'DequantizeLinear',
                self.constant(integers),
                self.constant(steps),
                self.constant(torch.zeros(len(steps), dtype=integers.dtype)),
                axis=0,
            )
            for integers, steps in values
        ]

    def norm(self, x: str, layer: nn.LayerNorm) -> str:
        """Add a LayerNorm over the last axis.

        Args:
            x (str): Input.
            layer (nn.LayerNorm): The layer.

        Returns:
            str: Name of the output.
        """
        weight, bias = self.constant(layer.weight), self.constant(layer.bias)
        return self.op(
            'LayerNormalization', x, weight, bias, axis=-1, epsilon=layer.eps
        )

    def activation(self, x: str, name: str) -> str:
        """Add an activation of BERT's configuration.

        Args:
            x (str): Input.
            name (str): ``hidden_act``.

        Returns:
            str: Name of the output.

        Raises:
            ValueError: If ONNX has no operator for it.
        """
        if name not in ACTIVATIONS:
            raise ValueError(
                f'hidden_act of BERT must be one of {sorted(ACTIVATIONS)} for '
                f'ONNX, but is {name!r}. Use another precision.'
            )
        kind, attributes = ACTIVATIONS[name]
        return self.op(kind, x, **attributes)

    def finish(
        self,
        inputs: dict[str, tuple[Any, list]],
        outputs: dict[str, tuple[str, list]],
        metadata: dict[str, str],
    ) -> Any:
        """Return the model, checked.

        Args:
            inputs (dict[str, tuple[Any, list]]): Element type and shape of
                each input, by name.
            outputs (dict[str, tuple[str, list]]): Name in the graph and shape
                of each output, float32, by its name outside.
            metadata (dict[str, str]): Properties to store.

        Returns:
            Any: ``onnx.ModelProto``.
        """
        helper = self._onnx.helper
        float32 = self._onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            [
                *self._nodes,
                *(
                    helper.make_node('Identity', [inner], [name], name)
                    for name, (inner, _) in outputs.items()
                ),
            ],
            'clipbert',
            [
                helper.make_tensor_value_info(name, kind, shape)
                for name, (kind, shape) in inputs.items()
            ],
            [
                helper.make_tensor_value_info(name, float32, shape)
                for name, (_, shape) in outputs.items()
            ],
            self._weights,
        )
        model = helper.make_model(
            graph,
            producer_name='clipbert_mm',
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid('', OPSET)],
        )
        helper.set_model_props(model, metadata)
        self._onnx.checker.check_model(model)
        return model


def quantise_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Quantise a matrix, with a scale for each row.

    Args:
        weight (Tensor): float32 ``(out, in)``.

    Returns:
        tuple[Tensor, Tensor]: int8 of the same shape in
        [-:data:`MAX_WEIGHT`, :data:`MAX_WEIGHT`], and float32 scales
        ``(out, )``; their product is the weight within half a scale.

    Example:
        >>> values, scale = quantise_rows(torch.tensor([[0.63, -0.1]]))
        >>> values.tolist(), round(scale.item(), 4)
        ([[63, -10]], 0.01)
    """
    weight = weight.detach().float()
    # A row of zeros has any scale.
    scale = weight.abs().amax(1).clamp(min=1e-30) / MAX_WEIGHT
    return (weight / scale[:, None]).round().to(torch.int8), scale


def _scale(low: float, high: float) -> float:
    return (high - low) / 255
