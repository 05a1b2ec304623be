# Copyright (c) clipbert_mm contributors.
"""What scoring costs: floating-point operations, passes, time left.

One multiply-accumulate counts as two operations, as in
``torch.utils.flop_counter``. Convolutions and matrix products are counted;
all else is less than a hundredth of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from clipbert_mm.models import BertCrossModalHead, ClipBERT


class ClipCost(NamedTuple):
    """Operations that make one clip's visual tokens."""

    backbone: int  # of all its frames
    neck: int
    num_cells: int  # V, visual tokens


class ScoringCost(NamedTuple):
    """What it takes to score every text against every video."""

    num_videos: int
    num_texts: int
    num_clips: int  # of a video
    clip: int  # operations of CNN and neck for one clip
    texts: int  # operations of BERT for all texts with one clip

    @property
    def passes(self) -> int:
        """Pairs of a text and a clip that go through BERT."""
        return self.num_videos * self.num_texts * self.num_clips

    @property
    def flops(self) -> int:
        """Operations of all."""
        return self.num_videos * self.num_clips * (self.clip + self.texts)

    def describe(self) -> str:
        """The estimate as a line of text."""
        return (
            f'{self.num_videos:,} videos x {self.num_texts:,} texts x '
            f'{self.num_clips} clips: {self.passes:,} passes through '
            f'BERT, {self.flops:.3g} floating-point operations'
        )


class _Grid(nn.Module):
    """``extract_grid`` as a module's forward, as functional_call needs it.

    Args:
        model (ClipBERT): The model.
    """

    def __init__(self, model: ClipBERT) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> Tensor:
        """See ``ClipBERT.extract_grid``."""
        return self.model.extract_grid(frames)


def clip_cost(model: ClipBERT, clip_shape: Sequence[int]) -> ClipCost:
    """Count the operations of one clip, of whatever backbone.

    Nothing is computed: the tensors have shapes alone.

    Args:
        model (ClipBERT): The model; left as it is.
        clip_shape (Sequence[int]): ``(T, H, W)``.

    Returns:
        ClipCost: Of backbone and neck.

    Example:
        >>> clip_cost(model, (2, 448, 448)).num_cells
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
        # What is compiled stays so for the real tensors.
        eager = torch.compiler.set_stance('force_eager')
        with counter, eager, torch.no_grad():
            grid = functional_call(_Grid(model), weights, (clip,))
    finally:
        hook.remove()
    total = counter.get_total_flops()
    return ClipCost(
        backbone[0], total - backbone[0], grid.shape[2] * grid.shape[3]
    )


def pair_flops(
    head: BertCrossModalHead,
    text_len: int,
    num_cells: int,
    cls_only: bool = True,
) -> int:
    """Operations of the head for one pair of a text and a clip.

    Args:
        head (BertCrossModalHead): Gives the sizes.
        text_len (int): L, tokens of the text.
        num_cells (int): V, visual tokens of the clip.
        cls_only (bool): The last layer is computed at ``[CLS]`` alone, as
            :class:`PairScorer` does; else at all tokens, as the reference
            does. Defaults to True.

    Returns:
        int: Operations.

    Example:
        >>> head = BertCrossModalHead({})  # BERT-base
        >>> round(pair_flops(head, 20, 49) / 1e9, 1)
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
    """Cost of scoring all texts against all videos with ``PairScorer``.

    Args:
        model (ClipBERT): The model.
        lengths (Tensor): Tokens of each text, ``(M, )``; padding, less than
            a twentieth of them, is not counted.
        num_videos (int): N.
        num_clips (int): C.
        clip_shape (Sequence[int]): ``(T, H, W)``.

    Returns:
        ScoringCost: Passes and operations.

    Example:
        >>> lengths = bank['attention_mask'].sum(-1)
        >>> print(scoring_cost(model, lengths, 1000, 16,
        ...                    (2, 448, 448)).describe())
    """
    clip = clip_cost(model, clip_shape)
    values, counts = lengths.unique(return_counts=True)
    texts = sum(
        count * pair_flops(model.head, length, clip.num_cells)
        for length, count in zip(values.tolist(), counts.tolist())
    )
    return ScoringCost(
        num_videos, len(lengths), num_clips, clip.backbone + clip.neck, texts
    )


def seconds_left(done: float, total: float, seconds: float) -> float:
    """Time left at the measured rate; cost is linear in pairs.

    Args:
        done (float): Pairs, rows or operations that are done.
        total (float): Those of the whole.
        seconds (float): They have taken.

    Returns:
        float: Seconds.

    Raises:
        ValueError: If nothing is done yet, so that there is no rate.

    Example:
        >>> seconds_left(10, 1000, 5.)
        495.0
    """
    if done <= 0:
        raise ValueError(
            'A rate needs something that is done, but got '
            f'done={done} after {seconds} s.'
        )
    return (total - done) * seconds / done
