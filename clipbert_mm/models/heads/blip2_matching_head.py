# Copyright (c) clipbert_mm contributors.
"""Head: image-text matching of BLIP-2, for every text and clip."""

import torch
from mmaction.registry import MODELS
from torch import Tensor

from clipbert_mm.models.pretrained_parts import build_pretrained

from .base_matching_head import BaseMatchingHead, match_pairs
from .bert_cross_modal_head import HeadOutput


@MODELS.register_module()
class Blip2MatchingHead(BaseMatchingHead):
    """Image-text matching of `BLIP-2 <https://arxiv.org/abs/2301.12597>`_.

    The query tokens of the Q-Former attend to a text and to the tokens of a
    clip; the mean over them gives two logits, the second for a match, as
    :class:`RetrievalTask` with ``loss_type='ce'`` expects.
    ``Blip2ForImageTextRetrieval`` of transformers with one frame, one clip and
    ``use_image_text_matching_head=True``.

    Args:
        model (str | dict): Folder or hub name of a checkpoint such as
            ``'Salesforce/blip2-itm-vit-g'``, or the arguments of a
            ``Blip2Config``, with ``model_type``, for random weights.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If it lacks a weight of the head, as those with a language
            model do.

    Shape:
        - grid: ``(N, C, 1, V, D)``, all tokens of a ``TransformersVision``
        - clip_logits: ``(N, M, C, 2)``

    Example:
        >>> head = Blip2MatchingHead(
        ...     'Salesforce/blip2-itm-vit-g')  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | dict,
        init_cfg: dict | None = None,
    ) -> None:
        whole = build_pretrained(
            model,
            parts=('embeddings.', 'itm_head.', 'qformer.', 'query_tokens'),
        )
        super().__init__(
            whole.config.qformer_config,
            whole.config.vision_config.hidden_size,
            whole.itm_head.out_features,
            init_cfg,
        )
        self.embeddings = whole.embeddings
        self.query_tokens = whole.query_tokens
        self.qformer = whole.qformer
        self.itm_head = whole.itm_head

    @property
    def word_embeddings(self) -> Tensor:
        """Word embeddings, ``(vocabulary, width)``."""
        return self.embeddings.word_embeddings.weight

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return text tokens as they enter the Q-Former.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``.

        Returns:
            Tensor: ``(N or 1, M, L, width)``.
        """
        tokens = self.embeddings(input_ids=input_ids.flatten(0, 1))
        return tokens.unflatten(0, input_ids.shape[:2])

    def match(
        self,
        text: Tensor,
        text_mask: Tensor | None,
        visual: Tensor,
        needs_text_states: bool = False,
    ) -> HeadOutput:
        """Return the logits of every pair; see :class:`BaseMatchingHead`."""
        return match_pairs(self._score, text, text_mask, visual)

    def _score(self, tokens: Tensor, mask: Tensor, clips: Tensor) -> Tensor:
        """Return the logits of pairs, ``(B, 2)``."""
        queries = self.query_tokens.expand(len(tokens), -1, -1)
        num_queries = queries.shape[1]
        states = self.qformer(
            query_embeds=torch.cat([queries, tokens], 1),
            query_length=num_queries,
            attention_mask=torch.cat(
                [mask.new_ones(queries.shape[:2]), mask], 1
            ),
            encoder_hidden_states=clips,
            encoder_attention_mask=mask.new_ones(clips.shape[:2]),
        ).last_hidden_state
        return self.itm_head(states[:, :num_queries]).mean(1)
