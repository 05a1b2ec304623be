# Copyright (c) clipbert_mm contributors.
"""Convolutions and matrix products of a computation, to time alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

# Substrings of the names of PyTorch's operators. Fused attention is two
# products; its work between them cannot be left out.
PRODUCTS = (
    'addmm',
    '.mm.',
    'bmm',
    'linear',
    'matmul',
    'convolution',
    'conv2d',
    'conv3d',
    'scaled_dot_product',
)


class Product(NamedTuple):
    """Call of an operator."""

    operator: Any
    args: Any
    kwargs: Any


@dataclass(frozen=True)
class _Layout:
    """Properties of a tensor that the speed of an operator depends on."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


class _Recorder(TorchDispatchMode):
    """Recorder of products: their weights, and layouts of other inputs.

    Args:
        weights (Iterable[Tensor]): Tensors to keep as they are.
    """

    def __init__(self, weights: Iterable[Tensor]) -> None:
        super().__init__()
        self.weights = {id(weight) for weight in weights}
        self.products: list[Product] = []

    def _describe(self, tensor: Tensor) -> Any:
        if id(tensor) in self.weights:
            return tensor
        return _Layout(
            tuple(tensor.shape), tensor.stride(), tensor.dtype, tensor.device
        )

    def __torch_dispatch__(
        self, operator: Any, types: Any, args: tuple = (), kwargs: Any = None
    ) -> Any:
        """Record the call, and make it."""
        kwargs = kwargs or {}
        if any(part in f'{operator}.' for part in PRODUCTS):
            kept = tree_map_only(Tensor, self._describe, (args, kwargs))
            self.products.append(Product(operator, *kept))
        return operator(*args, **kwargs)


def record_products(
    run: Callable[[], object], weights: Iterable[Tensor]
) -> list[Product]:
    """Run a computation and record its products.

    Args:
        run (Callable[[], object]): The computation, without gradients.
        weights (Iterable[Tensor]): Tensors to reuse when the products run
            again; other inputs are drawn at random.

    Returns:
        list[Product]: The products, in order.
    """
    with _Recorder(weights) as recorder:
        run()
    return recorder.products


def products_alone(products: list[Product]) -> Callable[[], None]:
    """Return a function that runs the products and nothing else.

    Args:
        products (list[Product]): Products from :func:`record_products`.

    Returns:
        Callable[[], None]: The function. Its inputs are made here, one for
        each layout.
    """
    inputs: dict[_Layout, Tensor] = {}

    def make(layout: _Layout) -> Tensor:
        if layout not in inputs:
            tensor = torch.empty_strided(
                layout.shape,
                layout.stride,
                dtype=layout.dtype,
                device=layout.device,
            )
            if layout.dtype.is_floating_point:
                tensor.normal_()
            else:
                tensor.fill_(1)
            inputs[layout] = tensor
        return inputs[layout]

    calls = [
        Product(p.operator, *tree_map_only(_Layout, make, (p.args, p.kwargs)))
        for p in products
    ]

    def run() -> None:
        with torch.inference_mode():
            for call in calls:
                call.operator(*call.args, **call.kwargs)

    return run
