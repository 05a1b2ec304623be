# Copyright (c) clipbert_mm contributors.
"""Base of the heads that match texts with the tokens of a vision tower."""

from abc import abstractmethod
from collections.abc import Callable

import torch
from mmengine.model import BaseModule
from torch import Tensor
from transformers import PretrainedConfig

from .bert_cross_modal_head import HeadOutput


class BaseMatchingHead(BaseModule):
    """Head that is given clips as tokens, and texts as token ids.

    Args:
        config (PretrainedConfig): Configuration of the text part, with
            ``max_position_embeddings``, ``vocab_size`` and
            ``pad_token_id``.
        hidden_size (int): Width of the visual tokens, D.
        num_classes (int): K.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.
    """

    def __init__(
        self,
        config: PretrainedConfig,
        hidden_size: int,
        num_classes: int,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.config = config
        self.hidden_size = hidden_size
        self.num_classes = num_classes

    @property
    @abstractmethod
    def word_embeddings(self) -> Tensor:
        """Word embeddings, ``(vocabulary, width)``."""

    @abstractmethod
    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return what of texts does not depend on clips.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``.

        Returns:
            Tensor: ``(N or 1, M, L', width)``.
        """

    @abstractmethod
    def match(
        self,
        text: Tensor,
        text_mask: Tensor | None,
        visual: Tensor,
        needs_text_states: bool = False,
    ) -> HeadOutput:
        """Return the logits of every pair of embedded texts and clips.

        Args:
            text (Tensor): Result of :meth:`embed_texts`.
            text_mask (Tensor | None): Boolean ``(N or 1, M, L)``, True at real
                tokens; None if all are.
            visual (Tensor): Result of :meth:`grid_embedding`,
                ``(N, C, V, D)``.
            needs_text_states (bool): Not supported. Defaults to False.

        Returns:
            HeadOutput: Clip logits.
        """

    def init_weights(self) -> None:
        """Keep the weights: transformers has loaded or drawn them."""
        self._is_init = True

    def grid_embedding(self, grid: Tensor) -> Tensor:
        """Return the cells of a grid as tokens, as the tower made them.

        Args:
            grid (Tensor): ``(N, C, Hg, Wg, D)``, or joined
                ``(N, C, T, Hg, Wg, D)``.

        Returns:
            Tensor: ``(N, C, V, D)``.
        """
        return grid.flatten(2, -2)

    def forward(
        self,
        grid: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        needs_text_states: bool = False,
    ) -> HeadOutput:
        """Return the logits of every (text, clip) pair of each video.

        Args:
            grid (Tensor): ``(N, C, Hg, Wg, D)``.
            input_ids (Tensor): int64 ``(N or 1, M, L)``.
            attention_mask (Tensor): ``(N or 1, M, L)``, 1 at real tokens.
            needs_text_states (bool): Not supported. Defaults to False.

        Returns:
            HeadOutput: Clip logits.

        Raises:
            ValueError: If text states are asked for.
        """
        if needs_text_states:
            raise ValueError(
                f'{type(self).__name__} has no text states, which '
                'PretrainTask needs. Use a BertCrossModalHead.'
            )
        return self.match(
            self.embed_texts(input_ids),
            attention_mask.bool(),
            self.grid_embedding(grid),
        )


def match_pairs(
    score: Callable[[Tensor, Tensor, Tensor], Tensor],
    text: Tensor,
    text_mask: Tensor | None,
    visual: Tensor,
) -> HeadOutput:
    """Return the logits of every pair by a function of single pairs.

    Args:
        score (Callable[[Tensor, Tensor, Tensor], Tensor]): Function of the
            results of :func:`expand_pairs` that returns logits ``(B, K)``.
        text (Tensor): ``(N or 1, M, L, width)``.
        text_mask (Tensor | None): Boolean ``(N or 1, M, L)``, True at real
            tokens; None if all are.
        visual (Tensor): ``(N, C, V, D)``.

    Returns:
        HeadOutput: Clip logits ``(N, M, C, K)``.

    Example:
        >>> found = match_pairs(
        ...     lambda text, mask, clips: text[:, 0, :2],
        ...     torch.zeros(1, 3, 5, 4), None, torch.zeros(2, 6, 7, 8))
        >>> found.clip_logits.shape
        torch.Size([2, 3, 6, 2])
    """
    pairs = (visual.shape[0], text.shape[1], visual.shape[1])
    logits = score(*expand_pairs(text, text_mask, visual))
    return HeadOutput(logits.unflatten(0, pairs), None)


def expand_pairs(
    text: Tensor, text_mask: Tensor | None, visual: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Repeat texts and clips, with one row for each pair.

    Args:
        text (Tensor): ``(N or 1, M, L, width)``.
        text_mask (Tensor | None): Boolean ``(N or 1, M, L)``, True at real
            tokens; None if all are.
        visual (Tensor): ``(N, C, V, D)``.

    Returns:
        tuple[Tensor, Tensor, Tensor]: Texts ``(N * M * C, L, width)``, int64
        mask ``(N * M * C, L)``, and clips ``(N * M * C, V, D)``.

    Example:
        >>> text, mask, clips = expand_pairs(
        ...     torch.zeros(1, 3, 5, 4), None, torch.zeros(2, 2, 7, 8))
        >>> text.shape, mask.shape, clips.shape[0]
        (torch.Size([12, 5, 4]), torch.Size([12, 5]), 12)
    """
    num_videos, num_clips = visual.shape[:2]
    num_texts, length = text.shape[1:3]
    pairs = (num_videos, num_texts, num_clips)
    if text_mask is None:
        mask = text.new_ones(text.shape[:3], dtype=torch.long)
    else:
        mask = text_mask.long()
    return (
        text[:, :, None].expand(*pairs, *text.shape[2:]).flatten(0, 2),
        mask[:, :, None].expand(*pairs, length).flatten(0, 2),
        visual[:, None].expand(*pairs, *visual.shape[2:]).flatten(0, 2),
    )
