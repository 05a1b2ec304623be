# Copyright (c) clipbert_mm contributors.
"""Head: one stream over the words and patches of every text and clip."""

from mmaction.registry import MODELS
from torch import Tensor

from clipbert_mm.models.pretrained_parts import build_pretrained
from clipbert_mm.utils.checks import check_choice

from .base_matching_head import BaseMatchingHead, match_pairs
from .bert_cross_modal_head import HeadOutput

#: Class of transformers and the part that gives logits, by use.
USES = dict(
    retrieval=('ViltForImageAndTextRetrieval', 'rank_output'),
    answering=('ViltForQuestionAnswering', 'classifier'),
)


@MODELS.register_module()
class ViltHead(BaseMatchingHead):
    """One-stream transformer of `ViLT <https://arxiv.org/abs/2102.03334>`_.

    Clips come from a :class:`ViltPatches` as embedded patches.
    ``ViltForImageAndTextRetrieval`` (K = 1, for :class:`RetrievalTask` with
    ``loss_type='rank'``) or ``ViltForQuestionAnswering`` of transformers with
    one frame and one clip.

    Args:
        model (str | dict): Folder or hub name of a checkpoint such as
            ``'dandelin/vilt-b32-finetuned-coco'``, or the arguments of a
            ``ViltConfig``, with ``model_type``, for random weights.
        use (str): ``'retrieval'`` or ``'answering'``. Defaults to
            ``'retrieval'``.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If ``use`` is unknown, or a weight is missing.

    Shape:
        - grid: ``(N, C, 1, V, D)``
        - clip_logits: ``(N, M, C, K)``

    Example:
        >>> head = ViltHead(dict(
        ...     model_type='vilt', num_hidden_layers=1, hidden_size=24,
        ...     num_attention_heads=2, intermediate_size=8))
        >>> head.num_classes
        1
    """

    def __init__(
        self,
        model: str | dict,
        use: str = 'retrieval',
        init_cfg: dict | None = None,
    ) -> None:
        check_choice('use', use, sorted(USES))
        name, part = USES[use]
        whole = build_pretrained(model, name)
        classifier = getattr(whole, part)
        last = classifier if use == 'retrieval' else classifier[-1]
        super().__init__(
            whole.config,
            whole.config.hidden_size,
            last.out_features,
            init_cfg,
        )
        self.vilt = whole.vilt
        # ViltPatches has them.
        self.vilt.embeddings.patch_embeddings = None
        self.vilt.embeddings.cls_token = None
        self.vilt.embeddings.position_embeddings = None
        self.classifier = classifier

    @property
    def word_embeddings(self) -> Tensor:
        """Word embeddings, ``(vocabulary, D)``."""
        return self.vilt.get_input_embeddings().weight

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return the word embeddings of texts.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``.

        Returns:
            Tensor: ``(N or 1, M, L, D)``.
        """
        return self.vilt.get_input_embeddings()(input_ids)

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
        """Return the logits of pairs, ``(B, K)``."""
        pooled = self.vilt(
            inputs_embeds=tokens,
            attention_mask=mask,
            image_embeds=clips,
            pixel_mask=mask.new_ones(clips.shape[:2]),
        ).pooler_output
        return self.classifier(pooled)
