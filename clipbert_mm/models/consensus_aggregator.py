# Copyright (c) clipbert_mm contributors.
"""Fuse the predictions of a video's clips into one."""

from collections.abc import Callable

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor


def mean_logits(clip_logits: Tensor, dim: int) -> Tensor:
    """Mean over the clips."""
    return clip_logits.mean(dim)


def max_logits(clip_logits: Tensor, dim: int) -> Tensor:
    """Largest value over the clips, for each class by itself."""
    return clip_logits.amax(dim)


def lse_logits(clip_logits: Tensor, dim: int) -> Tensor:
    """Log-sum-exp over the clips."""
    return torch.logsumexp(clip_logits, dim)


AGGREGATIONS: dict[str, Callable[[Tensor, int], Tensor]] = {
    'mean': mean_logits,
    'max': max_logits,
    'lse': lse_logits,
}


@MODELS.register_module()
class ConsensusAggregator(BaseModule):
    """Fuse per-clip logits into one video-level prediction.

    This is :math:`G` in ``p = G(p_1, ..., p_num_clips)`` of `ClipBERT
    <https://arxiv.org/abs/2102.06183>`_, section "ClipBERT with Sparse
    Sampling", Table 3. It has no parameters and is the same in training and
    testing.

    With ``'lse'``, cross entropy on the result equals the multiple-instance
    loss of the reference (``run_video_retrieval.py`` at a118b02), because
    the log-sum-exp over classes of a log-sum-exp over clips is one
    log-sum-exp over both.

    Args:
        aggregation (str): One of ``'mean'``, ``'max'``, ``'lse'``.
            Defaults to ``'lse'``.

    Raises:
        ValueError: If ``aggregation`` is not one of the names above.

    Shape:
        - clip_logits: ``(N, num_texts, num_clips, K)``, unnormalised
        - return: ``(N, num_texts, K)``, unnormalised

    Example:
        >>> aggregator = ConsensusAggregator('mean')
        >>> aggregator(torch.zeros(2, 1, 8, 5)).shape
        torch.Size([2, 1, 5])
    """

    def __init__(self, aggregation: str = 'lse') -> None:
        super().__init__()
        if aggregation not in AGGREGATIONS:
            raise ValueError(
                f"Unknown aggregation '{aggregation}'. Valid "
                f'aggregations are {sorted(AGGREGATIONS)}.'
            )
        self.aggregation = aggregation

    def forward(self, clip_logits: Tensor) -> Tensor:
        """Fuse over the clips, the second to last dimension."""
        # In float32 also under autocast: ranks depend on small differences.
        return AGGREGATIONS[self.aggregation](clip_logits.float(), -2)
