# Copyright (c) clipbert_mm contributors.
"""The convolutions and matrix products of a computation, to time alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

# Substrings of the names of PyTorch's operators. Fused attention is two
# products; what it does between them cannot be taken out.
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
    """One call of an operator."""

    operator: Any
    args: Any
    kwargs: Any


@dataclass(frozen=True)
class _Layout:
    """What makes two tensors alike to an operator."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


class _Recorder(TorchDispatchMode):
    """Keeps every product, its weights as they are, other inputs as layouts.

    Args:
        weights (Iterable[Tensor]): That stay in memory.
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
        """Keep the call, and do it."""
        kwargs = kwargs or {}
        if any(part in f'{operator}.' for part in PRODUCTS):
            kept = tree_map_only(Tensor, self._describe, (args, kwargs))
            self.products.append(Product(operator, *kept))
        return operator(*args, **kwargs)


def record_products(
    run: Callable[[], object], weights: Iterable[Tensor]
) -> list[Product]:
    """Run a computation and keep its products.

    Args:
        run (Callable): The computation, without gradients.
        weights (Iterable[Tensor]): Tensors that are used as they are when
            the products are run again; other inputs are drawn at random.

    Returns:
        list[Product]: In order.
    """
    with _Recorder(weights) as recorder:
        run()
    return recorder.products


def products_alone(products: list[Product]) -> Callable[[], None]:
    """A function that runs the products and nothing else.

    Args:
        products (list[Product]): Of :func:`record_products`.

    Returns:
        Callable: Its inputs are made here, one for all of a layout.
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
