# Copyright (c) clipbert_mm contributors.
"""Case of the benchmark of scoring: model, clips and texts, from sizes."""

import contextlib
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import torch
from torch import Tensor

from clipbert_mm.gallery.cost import clip_cost, scoring_cost
from clipbert_mm.models.pair_scorer import AUTOCAST_DTYPES, PairScorer
from clipbert_mm.models.text_bank import TextBank

from .reference_scoring import build_clipbert, reference_flops

TINY_BERT = dict(
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
    vocab_size=200,
)
TINY_BACKBONE = dict(stage_blocks=(1, 1), strides=(1, 2), base_channels=2)


class TextSizes(NamedTuple):
    """Lengths of texts: a normal distribution, cut at both ends."""

    mean: int
    deviation: float
    max_len: int  # the original implementation pads to it


CAPTIONS = TextSizes(12, 3.5, 20)
PARAGRAPHS = TextSizes(50, 20.0, 100)


class Sizes(NamedTuple):
    """Sizes of a benchmark; all numbers but times follow from them."""

    texts: int  # M
    clips: int  # C, of the one video
    frames: int  # T
    mini_batch: int  # texts for which the original runs the CNN once
    token_budget: int
    device: str
    autocast: str | None
    tiny: bool


def draw_bank(
    texts: TextSizes, number: int, vocab_size: int
) -> dict[str, Tensor]:
    """Draw texts whose lengths are the quantiles of their distribution.

    Args:
        texts (TextSizes): Distribution of the lengths.
        number (int): Number of texts ``M``.
        vocab_size (int): Size of the vocabulary.

    Returns:
        dict[str, Tensor]: ``input_ids`` and ``attention_mask`` ``(M, L)``, in
        an order drawn with a fixed seed.
    """
    normal = NormalDist(texts.mean, texts.deviation)
    low = max(3, 2 * texts.mean - texts.max_len)
    lengths = torch.tensor(
        [
            min(
                max(round(normal.inv_cdf((i + 0.5) / number)), low),
                texts.max_len,
            )
            for i in range(number)
        ]
    )
    generator = torch.Generator().manual_seed(0)
    lengths = lengths[torch.randperm(number, generator=generator)]
    mask = (torch.arange(texts.max_len) < lengths[:, None]).long()
    ids = torch.randint(5, vocab_size, mask.shape, generator=generator) * mask
    return dict(input_ids=ids, attention_mask=mask)


class Case:
    """Video and texts for a model with random weights.

    Args:
        sizes (Sizes): Sizes of everything.
    """

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        if sizes.tiny:
            self.model = build_clipbert(TINY_BERT, TINY_BACKBONE, 16)
        else:
            self.model = build_clipbert()
        self.model.to(sizes.device)
        side = 64 if sizes.tiny else 448
        self.clip_shape = (sizes.frames, side, side)
        generator = torch.Generator().manual_seed(0)
        frames = torch.randn(
            (1, sizes.clips, 3, *self.clip_shape), generator=generator
        )
        self.frames = (50 * frames).to(sizes.device)

    def bank(self, texts: TextSizes, number: int) -> dict[str, Tensor]:
        """Draw texts for this model.

        Args:
            texts (TextSizes): Distribution of the lengths.
            number (int): Number of texts ``M``.

        Returns:
            dict[str, Tensor]: See :func:`draw_bank`.
        """
        return draw_bank(texts, number, self.model.head.config.vocab_size)

    def scorer(self, bank: dict[str, Tensor]) -> PairScorer:
        """Return our scorer for texts.

        Args:
            bank (dict[str, Tensor]): Texts from :meth:`bank`.

        Returns:
            PairScorer: The scorer.
        """
        return PairScorer(
            self.model,
            TextBank.from_tokens(bank),
            self.sizes.token_budget,
            self.sizes.autocast,
        )

    def scoring(self, bank: dict[str, Tensor]) -> Callable[[], Tensor]:
        """Return a function that scores texts, CNN included.

        Args:
            bank (dict[str, Tensor]): Texts from :meth:`bank`.

        Returns:
            Callable[[], Tensor]: The function.
        """
        scorer = self.scorer(bank)
        return lambda: scorer.clip_logits(scorer.encode_clips(self.frames))

    def precision(self) -> contextlib.AbstractContextManager[object]:
        """Return the autocast context of the sizes.

        Returns:
            AbstractContextManager[object]: The context.
        """
        if self.sizes.autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(
            self.sizes.device, AUTOCAST_DTYPES[self.sizes.autocast]
        )

    def ceiling(self, texts: TextSizes, number: int) -> float:
        """Return the ratio of the original's operations to ours.

        Args:
            texts (TextSizes): Distribution of the lengths.
            number (int): Number of texts ``M``.

        Returns:
            float: The ratio.
        """
        clip = clip_cost(self.model, self.clip_shape)
        lengths = self.bank(texts, number)['attention_mask'].sum(-1)
        ours = scoring_cost(self.model, lengths, 1, 1, self.clip_shape)
        original = reference_flops(
            self.model.head,
            number,
            texts.max_len,
            ours.clip_flops,
            clip.num_cells,
            self.sizes.mini_batch,
        )
        return original / ours.flops
