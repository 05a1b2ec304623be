# Copyright (c) clipbert_mm contributors.
"""Logits of every (text, clip) pair, without doing anything twice."""

import contextlib
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .text_batches import make_text_batches

if TYPE_CHECKING:
    from .clipbert import ClipBERT

AUTOCAST_DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}


class PairScorer:
    """Score blocks of videos against a bank of texts.

    What the reference (``run_video_retrieval.py`` at a118b02) does for every
    mini-batch of texts is done once here: the CNN and the grid embedding for
    each clip, the text embedding for each text and block of videos. Texts of
    nearly equal length go together, the last layer computes what ``[CLS]``
    needs, and pairs run in batches of at most ``token_budget`` tokens. The
    logits are those of the plain path, within floating-point tolerance.

    The memory on the device is bounded by ``token_budget`` and the block of
    videos: the bank and the logits stay on the CPU.

    Args:
        model (ClipBERT): In evaluation mode, on its device.
        bank (dict[str, Tensor]): ``input_ids`` int64 and ``attention_mask``,
            ``(M, L)``, on the CPU.
        token_budget (int): Text and visual tokens that go through BERT at a
            time; one pair goes always.
        autocast (str, optional): ``'bfloat16'`` or ``'float16'``, the
            precision of matrix products and convolutions. Defaults to None:
            that of the surrounding code.

    Raises:
        ValueError: If ``token_budget`` is not positive, ``autocast`` is
            unknown, or the model is in training mode.

    Example:
        >>> scorer = PairScorer(model, bank, token_budget=65536)
        >>> visual = scorer.visual(dict(imgs=frames))  # a block of videos
        >>> scorer.clip_logits(visual).shape
        torch.Size([2, 1000, 16, 2])
    """

    def __init__(
        self,
        model: 'ClipBERT',
        bank: dict[str, Tensor],
        token_budget: int,
        autocast: str | None = None,
    ) -> None:
        check_token_budget(token_budget)
        if autocast is not None and autocast not in AUTOCAST_DTYPES:
            raise ValueError(
                f"Unknown autocast '{autocast}'. Valid ones are "
                f'{sorted(AUTOCAST_DTYPES)} and None.'
            )
        if model.training:
            raise ValueError(
                'Scores need a model in evaluation mode, but it '
                'is in training mode. Call model.eval().'
            )
        self.model = model
        self.bank = bank
        self.token_budget = token_budget
        self.autocast = autocast

    def visual(self, inputs: dict[str, Tensor]) -> Tensor:
        """Visual tokens of a block of videos.

        Args:
            inputs (dict): ``imgs`` float32 ``(N, C, 3, T, H, W)``,
                normalised.

        Returns:
            Tensor: ``(N, C, V, D)``, on the model's device.
        """
        with torch.inference_mode(), self._precision(inputs['imgs']):
            grid = self.model.extract_grid(inputs['imgs'])
            return self.model.head.grid_embedding(grid)

    def clip_logits(
        self, visual: Tensor, text_inds: Tensor | None = None
    ) -> Tensor:
        """Logits of every clip with every text, or with some.

        Args:
            visual (Tensor): Of :meth:`visual`, ``(N, C, V, D)``.
            text_inds (Tensor, optional): int64 ``(m, )``, places in the bank.
                Defaults to None: all texts.

        Returns:
            Tensor: float32 ``(N, M or m, C, K)`` on the CPU, in the order
            asked for.
        """
        ids, mask = self.bank['input_ids'], self.bank['attention_mask']
        if text_inds is not None:
            ids, mask = ids[text_inds], mask[text_inds]
        num_videos, num_clips = visual.shape[:2]
        # An ordinary tensor, which callers may change.
        logits = torch.empty(
            num_videos * num_clips, len(ids), self.model.head.num_classes
        )
        with torch.inference_mode(), self._precision(visual):
            self._fill(logits, visual.flatten(0, 1), ids, mask)
        return logits.unflatten(0, (num_videos, num_clips)).transpose(1, 2)

    def _fill(
        self, logits: Tensor, clips: Tensor, ids: Tensor, mask: Tensor
    ) -> None:
        """Write the logits ``(B, M, K)`` of the clips ``(B, V, D)``."""
        longest = int(mask.sum(-1).max()) if len(mask) else 1
        pairs = self._pairs(longest, clips)
        head, device = self.model.head, clips.device
        for batch in make_text_batches(ids, mask, max(1, pairs // len(clips))):
            text = head.embed_texts(batch.input_ids[None].to(device))
            text_mask = batch.attention_mask
            if text_mask is not None:
                text_mask = text_mask[None].to(device)
            pairs = self._pairs(text.shape[2], clips)
            at_once = max(1, pairs // text.shape[1])  # clips
            parts = [
                # (n, m, 1, K)
                head.match(text, text_mask, part[:, None]).clip_logits
                for part in clips.tensor_split(-(-len(clips) // at_once))
            ]
            logits[:, batch.inds] = torch.cat(parts)[:, :, 0].float().cpu()

    def _pairs(self, text_len: int, clips: Tensor) -> int:
        """Pairs of a text and a clip that fit the budget, at least one."""
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
            'token_budget must be at least 1 token, but got '
            f'{token_budget}. Set it in the model: 65536 needs '
            'about 2 GB of memory with BERT-base.'
        )
