# Copyright (c) clipbert_mm contributors.
"""Head: similarity of BLIP-2's text vector and the best query vector."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from clipbert_mm.models.pretrained_parts import build_pretrained

from .base_matching_head import BaseMatchingHead
from .bert_cross_modal_head import HeadOutput


@MODELS.register_module()
class Blip2ContrastiveHead(BaseMatchingHead):
    """Contrastive part of `BLIP-2 <https://arxiv.org/abs/2301.12597>`_.

    The Q-Former turns a clip into the vectors of its query tokens, once for
    each clip, and a text into one vector. The logit is the largest cosine of
    the text's vector with those of the clip (K = 1), ``logits_per_image`` of
    transformers' ``Blip2ForImageTextRetrieval`` with one frame and one clip,
    plus ``bias``. For :class:`RetrievalTask` with ``loss_type='rank'``.

    Args:
        model (str | dict): Folder or hub name of a checkpoint such as
            ``'Salesforce/blip2-itm-vit-g'``, or the arguments of a
            ``Blip2Config``, with ``model_type``, for random weights.
        bias (float): Added to the cosine, which the task's sigmoid follows.
            Defaults to -0.25, as in :class:`DualEncoderHead`.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If it lacks a weight of the head, as those with a language
            model do.

    Shape:
        - grid: ``(N, C, 1, V, D)``, all tokens of a ``TransformersVision``
        - clip_logits: ``(N, M, C, 1)``

    Example:
        >>> head = Blip2ContrastiveHead(
        ...     'Salesforce/blip2-itm-vit-g')  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | dict,
        bias: float = -0.25,
        init_cfg: dict | None = None,
    ) -> None:
        whole = build_pretrained(
            model,
            parts=(
                'embeddings.',
                'qformer.',
                'query_tokens',
                'text_projection.',
                'vision_projection.',
            ),
        )
        super().__init__(
            whole.config.qformer_config,
            whole.config.vision_config.hidden_size,
            1,
            init_cfg,
        )
        self.embeddings = whole.embeddings
        self.query_tokens = whole.query_tokens
        self.qformer = whole.qformer
        self.text_projection = whole.text_projection
        self.vision_projection = whole.vision_projection
        self.logit_bias = nn.Parameter(torch.tensor(bias))

    @property
    def word_embeddings(self) -> Tensor:
        """Word embeddings, ``(vocabulary, width)``."""
        return self.embeddings.word_embeddings.weight

    def grid_embedding(self, grid: Tensor) -> Tensor:
        """Return the vectors of the query tokens of each clip.

        Args:
            grid (Tensor): ``(N, C, Hg, Wg, D)``.

        Returns:
            Tensor: ``(N, C, queries, width)``, of length 1.
        """
        clips = grid.flatten(2, 3).flatten(0, 1)  # (N * C, V, D)
        states = self.qformer(
            query_embeds=self.query_tokens.expand(len(clips), -1, -1),
            encoder_hidden_states=clips,
            encoder_attention_mask=clips.new_ones(
                clips.shape[:2], dtype=torch.long
            ),
        ).last_hidden_state
        vectors = F.normalize(self.vision_projection(states), dim=-1)
        return vectors.unflatten(0, grid.shape[:2])

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return the vectors of texts.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``, padded with the
                padding token of the model's tokenizer.

        Returns:
            Tensor: ``(N or 1, M, 1, width)``, of length 1.
        """
        ids = input_ids.flatten(0, 1)
        states = self.qformer(
            query_embeds=self.embeddings(input_ids=ids),
            query_length=0,
            attention_mask=(ids != self.config.pad_token_id).long(),
        ).last_hidden_state
        vectors = F.normalize(self.text_projection(states[:, :1]), dim=-1)
        return vectors.unflatten(0, input_ids.shape[:2])

    def match(
        self,
        text: Tensor,
        text_mask: Tensor | None,
        visual: Tensor,
        needs_text_states: bool = False,
    ) -> HeadOutput:
        """Return the logits of every pair; see :class:`BaseMatchingHead`."""
        clips = visual[:, None].transpose(-1, -2)  # (N, 1, C, width, V)
        cosines = (text[:, :, None] @ clips).squeeze(-2)  # (N, M, C, V)
        logits = cosines.amax(-1) + self.logit_bias
        return HeadOutput(logits[..., None], None)
