# Copyright (c) clipbert_mm contributors.
"""Head: image-text matching of BLIP, for every text and clip."""

from mmaction.registry import MODELS
from torch import Tensor

from clipbert_mm.models.pretrained_parts import build_pretrained

from .base_matching_head import BaseMatchingHead, match_pairs
from .bert_cross_modal_head import HeadOutput


@MODELS.register_module()
class BlipMatchingHead(BaseMatchingHead):
    """Image-text matching of `BLIP <https://arxiv.org/abs/2201.12086>`_.

    The text encoder attends to the tokens of a clip; its first state gives
    two logits, the second for a match, as :class:`RetrievalTask` with
    ``loss_type='ce'`` expects. ``BlipForImageTextRetrieval`` of transformers
    with one frame and one clip.

    Args:
        model (str | dict): Folder or hub name of a checkpoint such as
            ``'Salesforce/blip-itm-base-coco'``, or the arguments of a
            ``BlipConfig``, with ``model_type``, for random weights.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If it lacks a weight of the head.

    Shape:
        - grid: ``(N, C, 1, V, D)``, all tokens of a ``TransformersVision``
        - clip_logits: ``(N, M, C, 2)``

    Example:
        >>> head = BlipMatchingHead(
        ...     'Salesforce/blip-itm-base-coco')  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | dict,
        init_cfg: dict | None = None,
    ) -> None:
        whole = build_pretrained(model, parts=('text_encoder.', 'itm_head.'))
        super().__init__(
            whole.config.text_config,
            whole.config.vision_config.hidden_size,
            whole.itm_head.out_features,
            init_cfg,
        )
        self.text_encoder = whole.text_encoder
        self.itm_head = whole.itm_head

    @property
    def word_embeddings(self) -> Tensor:
        """Word embeddings, ``(vocabulary, width)``."""
        return self.text_encoder.get_input_embeddings().weight

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return text tokens as they enter the first layer.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``.

        Returns:
            Tensor: ``(N or 1, M, L, width)``.
        """
        tokens = self.text_encoder.embeddings(input_ids.flatten(0, 1))
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
        states = self.text_encoder(
            encoder_embeds=tokens,
            attention_mask=mask,
            encoder_hidden_states=clips,
            encoder_attention_mask=mask.new_ones(clips.shape[:2]),
        ).last_hidden_state
        return self.itm_head(states[:, 0])
