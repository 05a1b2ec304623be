# Copyright (c) clipbert_mm contributors.
"""Head: similarity of text and clip vectors of a dual encoder."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from clipbert_mm.models.pretrained_parts import build_pretrained

from .base_matching_head import BaseMatchingHead
from .bert_cross_modal_head import HeadOutput

# Similarity of CLIP below which a pair is more likely not to match.
_NEUTRAL_SIMILARITY = 0.25


@MODELS.register_module()
class DualEncoderHead(BaseMatchingHead):
    """Scaled cosine of a text's and a clip's vector (K = 1).

    CLIP, SigLIP, SigLIP 2, and the contrastive part of BLIP. With one frame
    and one clip the logit is transformers' ``logits_per_image`` (of BLIP
    ``itm_score`` with ``use_itm_head=False``), plus ``bias``. For
    :class:`RetrievalTask` with ``loss_type='rank'``, whose scores are the
    sigmoid of the logit.

    Args:
        model (str | dict): Folder or hub name of a checkpoint such as
            ``'openai/clip-vit-base-patch32'``, or the arguments of a
            configuration, with ``model_type``, for random weights.
        bias (float | None): Added to the scaled cosine. Defaults to None:
            that of the model (SigLIP), or -0.25 times the scale, so that the
            sigmoid separates similarities that are usual for CLIP.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If the model is of another kind, or a weight is missing.

    Shape:
        - grid: ``(N, C, 1, 1, D)``, of a ``TransformersVision`` with
          ``output='pooled'`` (BLIP: ``'first'``)
        - clip_logits: ``(N, M, C, 1)``

    Example:
        >>> head = DualEncoderHead(
        ...     'openai/clip-vit-base-patch32')  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | dict,
        bias: float | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        whole = build_pretrained(model)
        config = whole.config
        if config.model_type != 'blip' and not hasattr(whole, 'logit_scale'):
            raise ValueError(
                'DualEncoderHead needs a CLIP, a SigLIP or a BLIP, but got a '
                f'{config.model_type!r}. Use the head of that model, such as '
                'Blip2ContrastiveHead.'
            )
        super().__init__(
            config.text_config, config.vision_config.hidden_size, 1, init_cfg
        )
        self.kind = config.model_type
        if self.kind == 'blip':
            self.text_model = whole.text_encoder
            self.text_projection: nn.Module = whole.text_proj
            self.visual_projection: nn.Module = whole.vision_proj
            scale = 1.0
        else:
            self.text_model = whole.text_model
            # SigLIP's towers project by themselves.
            self.text_projection = getattr(
                whole, 'text_projection', nn.Identity()
            )
            self.visual_projection = getattr(
                whole, 'visual_projection', nn.Identity()
            )
            scale = float(whole.logit_scale.detach().exp())
        if bias is None:
            own = getattr(whole, 'logit_bias', None)
            neutral = -_NEUTRAL_SIMILARITY * scale
            bias = neutral if own is None else float(own.detach())
        log_scale = torch.tensor(scale).log()
        self.logit_scale = nn.Parameter(log_scale, self.kind != 'blip')
        self.logit_bias = nn.Parameter(torch.tensor(bias))

    @property
    def word_embeddings(self) -> Tensor:
        """Word embeddings, ``(vocabulary, width)``."""
        embeddings = self.text_model.embeddings
        if self.kind == 'blip':
            return embeddings.word_embeddings.weight
        return embeddings.token_embedding.weight

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return the vectors of texts.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``, padded with the
                padding token of the model's tokenizer.

        Returns:
            Tensor: ``(N or 1, M, 1, width)``, of length 1.
        """
        ids = input_ids.flatten(0, 1)
        # SigLIP was trained on padded texts without a mask; CLIP reads up to
        # the end of the text.
        mask = None
        if self.kind == 'blip':
            mask = (ids != self.config.pad_token_id).long()
        states = self.text_model(input_ids=ids, attention_mask=mask)
        pooled = states.pooler_output
        if self.kind == 'blip':
            pooled = states.last_hidden_state[:, 0]
        vectors = F.normalize(self.text_projection(pooled), dim=-1)
        return vectors[:, None].unflatten(0, input_ids.shape[:2])

    def match(
        self,
        text: Tensor,
        text_mask: Tensor | None,
        visual: Tensor,
        needs_text_states: bool = False,
    ) -> HeadOutput:
        """Return the logits of every pair; see :class:`BaseMatchingHead`."""
        clips = F.normalize(self.visual_projection(visual.mean(2)), dim=-1)
        texts = text[:, :, 0].expand(len(clips), -1, -1)
        cosine = texts @ clips.transpose(1, 2)  # (N, M, C)
        logits = cosine * self.logit_scale.exp() + self.logit_bias
        return HeadOutput(logits[..., None], None)
