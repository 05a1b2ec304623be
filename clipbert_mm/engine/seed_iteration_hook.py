# Copyright (c) clipbert_mm contributors.
"""Hook that makes the random draws of a training step reproducible."""

import numpy as np
import torch
from mmaction.registry import HOOKS
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class SeedIterationHook(Hook):
    """Seed PyTorch from (seed, iteration, rank) before every training step.

    MMEngine saves no generator state, so a resumed run would drop other
    units and sample other grid cells than an uninterrupted one. With this
    hook both draw the same. The dataset seeds its own draws.

    Example:
        >>> custom_hooks = [dict(type='SeedIterationHook')]
    """

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Seed the generators of all devices."""
        state = np.random.SeedSequence(
            (runner.seed, runner.iter, get_rank())
        ).generate_state(1)
        torch.manual_seed(int(state[0]))
