# Copyright (c) clipbert_mm contributors.
"""Cost of scoring: floating-point operations, passes, time left.

One multiply-accumulate counts as two operations, as in
``torch.utils.flop_counter``. Convolutions and matrix products are counted;
everything else is less than a hundredth of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from clipbert_mm.models import BertCrossModalHead, ClipBERT


class ClipCost(NamedTuple):
    """Operations that turn one clip into visual tokens."""

    backbone_flops: int  # of all its frames
    neck_flops: int
    num_cells: int  # V, visual tokens

    @property
    def flops(self) -> int:
        """Operations of backbone and neck."""
        return self.backbone_flops + self.neck_flops


class ScoringCost(NamedTuple):
    """Cost of scoring every text against every video."""

    num_videos: int
    num_texts: int
    num_clips: int  # of a video
    clip_flops: int  # of backbone and neck for one clip
    texts_flops: int  # of BERT for all texts with one clip

    @property
    def passes(self) -> int:
        """Number of (text, clip) pairs that go through BERT."""
        return self.num_videos * self.num_texts * self.num_clips

    @property
    def flops(self) -> int:
        """Operations of the whole test."""
        clip_flops = self.clip_flops + self.texts_flops
        return self.num_videos * self.num_clips * clip_flops

    def describe(self) -> str:
        """Return the estimate as one line."""
        return (
            f'{self.num_videos:,} videos x {self.num_texts:,} texts x '
            f'{self.num_clips} clips: {self.passes:,} passes through '
            f'BERT, {self.flops:.3g} floating-point operations'
        )


class _Grid(nn.Module):
    """Module whose forward is ``extract_grid``, as functional_call needs.

    Args:
        model (ClipBERT): Model with its backbone and neck.
    """

    def __init__(self, model: ClipBERT) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> Tensor:
        """Return the grids; see ``ClipBERT.extract_grid``."""
        return self.model.extract_grid(frames)


def clip_cost(model: ClipBERT, clip_shape: Sequence[int]) -> ClipCost:
    """Count the operations of one clip, for any backbone.

    Nothing is computed: the tensors have shapes alone.

    Args:
        model (ClipBERT): Model, which is not changed.
        clip_shape (Sequence[int]): ``(T, H, W)``.

    Returns:
        ClipCost: Operations of backbone and neck.

    Example:
        >>> clip_cost(model, (2, 448, 448)).num_cells  # doctest: +SKIP
        49
    """
    frames, height, width = clip_shape
    weights = {
        f'model.{key}': value.to('meta')
        for key, value in nn.Module.state_dict(model).items()
        if key.startswith(('backbone.', 'neck.'))
    }
    clip = torch.empty(1, 1, 3, frames, height, width, device='meta')
    backbone: list[int] = []
    counter = FlopCounterMode(display=False)
    hook = model.neck.register_forward_pre_hook(
        lambda *_: backbone.append(counter.get_total_flops())
    )
    try:
        # Compiled parts stay compiled for the real tensors.
        eager = torch.compiler.set_stance('force_eager')
        with counter, eager, torch.no_grad():
            grid = functional_call(_Grid(model), weights, (clip,))
    finally:
        hook.remove()
    total = counter.get_total_flops()
    cells = grid.shape[2:-1].numel()
    return ClipCost(backbone[0], total - backbone[0], cells)


def pair_flops(
    head: BertCrossModalHead,
    text_len: int,
    num_cells: int,
    cls_only: bool = True,
) -> int:
    """Count the operations of the head for one (text, clip) pair.

    Args:
        head (BertCrossModalHead): Head with its sizes.
        text_len (int): L, tokens of the text.
        num_cells (int): V, visual tokens of the clip.
        cls_only (bool): Whether the last layer is computed at ``[CLS]``
            alone, as by :class:`PairScorer`, instead of at all tokens, as by
            the reference. Defaults to True.

    Returns:
        int: Number of operations.

    Example:
        >>> head = BertCrossModalHead({})  # doctest: +SKIP
        >>> round(pair_flops(head, 20, 49) / 1e9, 1)  # doctest: +SKIP
        11.1
    """
    width = head.config.hidden_size
    inner = head.config.intermediate_size
    tokens = text_len + num_cells

    def layer(queries: int) -> int:
        linear = width * width * (2 * tokens + 2 * queries)
        attention = 2 * queries * tokens * width
        return linear + attention + 2 * queries * width * inner

    products = (head.config.num_hidden_layers - 1) * layer(tokens)
    products += layer(1 if cls_only else tokens)
    products += width * width  # pooler
    products += sum(
        module.weight.numel()
        for module in head.classifier.modules()
        if isinstance(module, nn.Linear)
    )
    return 2 * products


def scoring_cost(
    model: ClipBERT,
    lengths: Tensor,
    num_videos: int,
    num_clips: int,
    clip_shape: Sequence[int],
) -> ScoringCost:
    """Return the cost of scoring all texts against all videos.

    Args:
        model (ClipBERT): Model that :class:`PairScorer` would use.
        lengths (Tensor): Tokens of each text, ``(M, )``; padding, less than
            a twentieth of them, is not counted.
        num_videos (int): N.
        num_clips (int): C.
        clip_shape (Sequence[int]): ``(T, H, W)``.

    Returns:
        ScoringCost: Passes and operations.

    Example:
        >>> cost = scoring_cost(model, bank.lengths(), 1000, 16,
        ...                     (2, 448, 448))  # doctest: +SKIP
        >>> cost.passes  # doctest: +SKIP
        16000000
    """
    clip = clip_cost(model, clip_shape)
    values, counts = lengths.unique(return_counts=True)
    texts = sum(
        count * pair_flops(model.head, length, clip.num_cells)
        for length, count in zip(values.tolist(), counts.tolist())
    )
    return ScoringCost(num_videos, len(lengths), num_clips, clip.flops, texts)


def seconds_left(done: float, total: float, seconds: float) -> float:
    """Return the time left at the measured rate.

    Args:
        done (float): Finished pairs, videos or operations.
        total (float): All pairs, videos or operations.
        seconds (float): Time that the finished ones took.

    Returns:
        float: Seconds.

    Raises:
        ValueError: If nothing is finished yet.

    Example:
        >>> seconds_left(10, 1000, 5.)
        495.0
    """
    if done <= 0:
        raise ValueError(
            f'done must be > 0, but got {done} after {seconds} s: there is '
            'no rate yet.'
        )
    return (total - done) * seconds / done
