# Copyright (c) clipbert_mm contributors.
"""The hook that seeds every training step from its number."""

from types import SimpleNamespace

import torch

from clipbert_mm.engine import SeedIterationHook


def draw(seed: int, iteration: int) -> list[float]:
    """Return what a training step would draw."""
    runner = SimpleNamespace(seed=seed, iter=iteration)
    SeedIterationHook().before_train_iter(runner, 0)
    return torch.rand(3).tolist()


def test_seed_iteration_hook__draws_depend_on_seed_and_step_alone() -> None:
    first = draw(3, 10)
    torch.rand(5)
    assert draw(3, 10) == first
    assert draw(3, 11) != first
    assert draw(4, 10) != first
