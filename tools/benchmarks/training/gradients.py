# Copyright (c) clipbert_mm contributors.
"""Check that the sides of the benchmark of training compute the same."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from .sides import LOOPED, OURS, RECOMPUTED, TrainingStep

MAX_DIFFERENCE = 1e-2


@contextmanager
def without_dropout(model: nn.Module) -> Iterator[None]:
    """Turn dropout off, to compare values.

    Args:
        model (nn.Module): Model, which stays in training mode.
    """
    dropouts = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    before = [module.p for module in dropouts]
    for module in dropouts:
        module.p = 0.0
    yield
    for module, p in zip(dropouts, before):
        module.p = p


def gradients(step: TrainingStep) -> dict[str, Tensor]:
    """Compute the gradients of the batch in float32, without dropout.

    Args:
        step (TrainingStep): The step; its weights do not change.

    Returns:
        dict[str, Tensor]: Gradients on the CPU, by the name of the parameter;
        the loss under ``'loss'``.
    """
    model = step.model
    with without_dropout(model):
        loss, _ = model.parse_losses(step.losses())
        loss.backward()
    found = {
        name: param.grad.cpu()
        for name, param in model.named_parameters()
        if param.grad is not None
    }
    model.zero_grad()
    return dict(found, loss=loss.detach().cpu())


def largest_difference(
    ours: dict[str, Tensor], others: dict[str, Tensor]
) -> float:
    """Return the largest difference of the gradients of two sides.

    Args:
        ours (dict[str, Tensor]): Gradients from :func:`gradients`.
        others (dict[str, Tensor]): Gradients of the other side.

    Returns:
        float: Largest norm of a parameter's difference, relative to the norm
        of its gradient. That norm counts as at least a millionth of the
        largest one: gradients of BERT's key biases are zero but for rounding.

    Raises:
        ValueError: If the sides train different parameters.
    """
    if ours.keys() != others.keys():
        raise ValueError(
            'Both sides must train the same parameters, but only one has '
            f'gradients of {sorted(ours.keys() ^ others.keys())}.'
        )
    smallest = 1e-6 * max(float(other.norm()) for other in others.values())
    return max(
        float((ours[name] - other).norm() / other.norm().clamp(min=smallest))
        for name, other in others.items()
    )


def check_sides(steps: dict[str, TrainingStep]) -> dict[str, float]:
    """Return the differences of the other sides' gradients from ours.

    Args:
        steps (dict[str, TrainingStep]): Steps of all sides.

    Returns:
        dict[str, float]: Largest relative difference, by side.

    Raises:
        ValueError: If one is larger than :data:`MAX_DIFFERENCE`.
    """
    ours = gradients(steps[OURS])
    found = {}
    for side in (RECOMPUTED, LOOPED):
        found[side] = largest_difference(ours, gradients(steps[side]))
        if not found[side] <= MAX_DIFFERENCE:
            raise ValueError(
                f'The gradients of the side {side!r} differ from ours by '
                f'{found[side]:.1e}, more than {MAX_DIFFERENCE}: the sides do '
                'not compute the same.'
            )
    return found
