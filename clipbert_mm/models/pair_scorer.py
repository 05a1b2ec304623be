# Copyright (c) clipbert_mm contributors.
"""Logits of every (text, clip) pair, without repeated work."""

import contextlib
from typing import Protocol

import torch
from torch import Tensor

from clipbert_mm.utils.checks import check_choice

from .text_bank import TextBank
from .text_batches import make_text_batches

AUTOCAST_DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}


class PairMatcher(Protocol):
    """A model that matches texts and clips in three steps.

    :class:`ClipBERT` is one. Each step is computed once for what it depends
    on: a clip, a text, a pair.
    """

    @property
    def training(self) -> bool:
        """Whether the model is in training mode."""

    @property
    def num_classes(self) -> int:
        """K, the logits of a pair."""

    def encode_clips(self, frames: Tensor) -> Tensor:
        """Return the visual tokens of clips.

        Args:
            frames (Tensor): float32 ``(N, C, ch, T, H, W)``, normalised.

        Returns:
            Tensor: ``(N, C, V, D)``.
        """

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return text tokens.

        Args:
            input_ids (Tensor): int64 ``(1, m, L)``.

        Returns:
            Tensor: ``(1, m, L, D)``.
        """

    def match(
        self, text: Tensor, text_mask: Tensor | None, visual: Tensor
    ) -> Tensor:
        """Return the clip logits of all pairs.

        Args:
            text (Tensor): Text tokens, ``(1, m, L, D)``.
            text_mask (Tensor | None): Boolean ``(1, m, L)``, True at real
                tokens; None if all are.
            visual (Tensor): Visual tokens, ``(N, C, V, D)``.

        Returns:
            Tensor: ``(N, m, C, K)``.
        """


class PairScorer:
    """Scorer of blocks of videos against a bank of texts.

    The reference (``run_video_retrieval.py`` at a118b02) repeats the CNN and
    the embeddings for every mini-batch of texts. Here a clip is encoded once,
    and a text is embedded once for each block of videos. Texts of nearly
    equal length go together, the last layer is computed at ``[CLS]`` alone,
    and pairs run in batches of at most ``token_budget`` tokens. The logits
    are those of the plain path, within floating-point tolerance.

    The memory on the device is bounded by ``token_budget`` and the block of
    videos: the bank and the logits stay on the CPU. A scorer keeps nothing
    between two calls.

    Args:
        model (PairMatcher): Model in evaluation mode, on its device.
        bank (TextBank): The texts.
        token_budget (int): Maximum number of text and visual tokens that go
            through the model at a time; one pair always does.
        autocast (str | None): ``'bfloat16'`` or ``'float16'``, the precision
            of matrix products and convolutions. Defaults to None: that of the
            surrounding code.

    Raises:
        ValueError: If ``token_budget`` is not positive, ``autocast`` is
            unknown, or the model is in training mode.

    Example:
        >>> scorer = PairScorer(
        ...     model, bank, token_budget=65536)  # doctest: +SKIP
        >>> visual = scorer.encode_clips(frames)  # doctest: +SKIP
        >>> scorer.clip_logits(visual).shape  # doctest: +SKIP
        torch.Size([2, 1000, 16, 2])
    """

    def __init__(
        self,
        model: PairMatcher,
        bank: TextBank,
        token_budget: int,
        autocast: str | None = None,
    ) -> None:
        check_token_budget(token_budget)
        if autocast is not None:
            check_choice('autocast', autocast, sorted(AUTOCAST_DTYPES))
        if model.training:
            raise ValueError(
                'Scoring needs a model in evaluation mode, but it is in '
                'training mode. Call model.eval().'
            )
        self.model = model
        self.bank = bank
        self.token_budget = token_budget
        self.autocast = autocast

    def encode_clips(self, frames: Tensor) -> Tensor:
        """Return the visual tokens of a block of videos.

        Args:
            frames (Tensor): float32 ``(N, C, ch, T, H, W)``, normalised.

        Returns:
            Tensor: ``(N, C, V, D)``, on the model's device.
        """
        with torch.inference_mode(), self._precision(frames):
            return self.model.encode_clips(frames)

    def clip_logits(
        self, visual: Tensor, text_inds: Tensor | None = None
    ) -> Tensor:
        """Return the logits of every clip with every text, or with some.

        Args:
            visual (Tensor): Result of :meth:`encode_clips`,
                ``(N, C, V, D)``.
            text_inds (Tensor | None): int64 ``(m, )``, indices in the bank.
                Defaults to None: all texts.

        Returns:
            Tensor: float32 ``(N, M or m, C, K)`` on the CPU, in the order of
            the indices.
        """
        bank = self.bank if text_inds is None else self.bank.select(text_inds)
        num_videos, num_clips = visual.shape[:2]
        # An ordinary tensor, which callers may change.
        logits = torch.empty(
            num_videos * num_clips, len(bank), self.model.num_classes
        )
        with torch.inference_mode(), self._precision(visual):
            self._fill(logits, visual.flatten(0, 1), bank)
        return logits.unflatten(0, (num_videos, num_clips)).transpose(1, 2)

    def _fill(self, logits: Tensor, clips: Tensor, bank: TextBank) -> None:
        """Write the logits ``(B, M, K)`` of the clips ``(B, V, D)``."""
        longest = int(bank.lengths().max()) if len(bank) else 1
        pairs = self._pairs(longest, clips)
        for batch in make_text_batches(
            bank.input_ids, bank.attention_mask, max(1, pairs // len(clips))
        ):
            text = self.model.embed_texts(
                batch.input_ids[None].to(clips.device)
            )
            text_mask = batch.attention_mask
            if text_mask is not None:
                text_mask = text_mask[None].to(clips.device)
            pairs = self._pairs(text.shape[2], clips)
            at_once = max(1, pairs // text.shape[1])  # clips
            parts = [
                self.model.match(text, text_mask, part[:, None])  # (n,m,1,K)
                for part in clips.tensor_split(-(-len(clips) // at_once))
            ]
            logits[:, batch.inds] = torch.cat(parts)[:, :, 0].float().cpu()

    def _pairs(self, text_len: int, clips: Tensor) -> int:
        """Return how many pairs fit the budget, at least one."""
        return max(1, self.token_budget // (text_len + clips.shape[1]))

    def _precision(
        self, tensor: Tensor
    ) -> contextlib.AbstractContextManager[object]:
        if self.autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(
            tensor.device.type, AUTOCAST_DTYPES[self.autocast]
        )


def check_token_budget(token_budget: int) -> None:
    """Raise unless the budget is positive.

    Args:
        token_budget (int): Tokens of a batch.

    Raises:
        ValueError: If it is not.
    """
    if token_budget < 1:
        raise ValueError(
            f'token_budget must be an integer >= 1, but got {token_budget!r}.'
            ' 65536 tokens need about 2 GB of memory with BERT-base.'
        )
