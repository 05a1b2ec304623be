# Copyright (c) clipbert_mm contributors.
"""Consensus: fuse the predictions of a video's clips into one."""

from collections.abc import Callable

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from clipbert_mm.utils.checks import check_choice

# Logits with clips, and the dimension of the clips, to logits without it.
Aggregation = Callable[[Tensor, int], Tensor]


def mean_logits(clip_logits: Tensor, dim: int) -> Tensor:
    """Return the mean over the clips."""
    return clip_logits.mean(dim)


def max_logits(clip_logits: Tensor, dim: int) -> Tensor:
    """Return the largest value over the clips, for each class by itself."""
    return clip_logits.amax(dim)


def lse_logits(clip_logits: Tensor, dim: int) -> Tensor:
    """Return the log-sum-exp over the clips."""
    return torch.logsumexp(clip_logits, dim)


AGGREGATIONS: dict[str, Aggregation] = {
    'mean': mean_logits,
    'max': max_logits,
    'lse': lse_logits,
}


def register_aggregation(
    name: str,
) -> Callable[[Aggregation], Aggregation]:
    """Return a decorator that adds a function to ``AGGREGATIONS``.

    A config names the module of the function in ``custom_imports`` and the
    function in ``consensus=dict(aggregation=...)``. An aggregation with
    parameters is a registered module instead: see
    :class:`ConsensusAggregator`.

    Args:
        name (str): Name of the aggregation in configs.

    Returns:
        Callable: Decorator of a function that takes unnormalised logits
        and the dimension of the clips, and returns logits without that
        dimension.

    Raises:
        ValueError: If the name is taken.

    Example:
        >>> @register_aggregation('median')
        ... def median_logits(clip_logits, dim):
        ...     return clip_logits.median(dim).values
        >>> ConsensusAggregator('median')(torch.zeros(2, 1, 8, 5)).shape
        torch.Size([2, 1, 5])
        >>> del AGGREGATIONS['median']
    """

    def register(function: Aggregation) -> Aggregation:
        if name in AGGREGATIONS:
            raise ValueError(
                f'The aggregation {name!r} is already registered. Choose '
                'another name.'
            )
        AGGREGATIONS[name] = function
        return function

    return register


@MODELS.register_module()
class ConsensusAggregator(BaseModule):
    """Fuse per-clip logits into one video-level prediction.

    This is :math:`G` in ``p = G(p_1, ..., p_C)`` of `ClipBERT
    <https://arxiv.org/abs/2102.06183>`_, section "ClipBERT with Sparse
    Sampling", Table 3. It has no parameters and is the same in training and
    testing. A model takes any other registered module of this shape as its
    ``consensus``, with parameters or without.

    With ``'lse'``, cross entropy on the result equals the multiple-instance
    loss of the reference (``run_video_retrieval.py`` at a118b02), because
    the log-sum-exp over classes of a log-sum-exp over clips is one
    log-sum-exp over both.

    Args:
        aggregation (str): ``'mean'``, ``'max'``, ``'lse'`` or a name given to
            :func:`register_aggregation`. Defaults to ``'lse'``.

    Raises:
        ValueError: If ``aggregation`` is unknown.

    Shape:
        - clip_logits: ``(N, M, C, K)``, unnormalised
        - return: ``(N, M, K)``, unnormalised

    Example:
        >>> aggregator = ConsensusAggregator('mean')
        >>> aggregator(torch.zeros(2, 1, 8, 5)).shape
        torch.Size([2, 1, 5])
    """

    def __init__(self, aggregation: str = 'lse') -> None:
        super().__init__()
        check_choice('aggregation', aggregation, sorted(AGGREGATIONS))
        self.aggregation = aggregation

    @property
    def is_log_sum_exp(self) -> bool:
        """Whether this is log-sum-exp, which not every task accepts."""
        return AGGREGATIONS[self.aggregation] is lse_logits

    def forward(self, clip_logits: Tensor) -> Tensor:
        """Fuse over the clips, the second to last dimension."""
        # In float32 also under autocast: ranks depend on small differences.
        return AGGREGATIONS[self.aggregation](clip_logits.float(), -2)
