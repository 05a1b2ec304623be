# Copyright (c) clipbert_mm contributors.
"""Text-to-video retrieval: losses and match scores."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import Tensor

from .task_output import ModelOutput, stack_field

NUM_CLASSES = {'ce': 2, 'rank': 1}


def rank_loss(scores: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Hinge on every (own, foreign) pair of texts of a video.

    The mean of ``max(0, margin + foreign - own)``.

    Args:
        scores (Tensor): ``(N, num_texts)``, in 0...1.
        labels (Tensor): ``(N, num_texts)``, 1 at texts of the video.
        margin (float): By which own texts must lead.

    Returns:
        Tensor: Scalar.
    """
    own, foreign = labels == 1, labels == 0
    # Differs from reference: with several captions of a video it takes the
    # first for the only positive and pushes its other captions away.
    pairs = own[:, :, None] & foreign[:, None]  # (N, own, foreign)
    hinge = (margin + scores[:, None] - scores[:, :, None]).clamp(min=0)
    return hinge[pairs].mean()


@MODELS.register_module()
class RetrievalTask(BaseModule):
    """Does the text describe the video?

    `ClipBERT <https://arxiv.org/abs/2102.06183>`_, section "Downstream
    Tasks"; ``ClipBertForVideoTextRetrieval`` of the reference at a118b02.

    Args:
        loss_type (str): ``'ce'``: two classes, label 1 for a match, cross
            entropy over all (video, text) pairs; ``'rank'``: one logit, hinge
            between a video's own and foreign texts. Defaults to ``'ce'``.
        margin (float): Of ``'rank'``. Defaults to 0.2.

    Raises:
        ValueError: If ``loss_type`` is unknown or ``margin`` not in 0...1.

    Example:
        >>> RetrievalTask('rank').num_classes
        1
    """

    needs_text_states = False

    def __init__(self, loss_type: str = 'ce', margin: float = 0.2) -> None:
        super().__init__()
        if loss_type not in NUM_CLASSES:
            raise ValueError(
                f"Unknown loss_type '{loss_type}' of "
                'RetrievalTask. Valid ones are '
                f'{sorted(NUM_CLASSES)}.'
            )
        if not 0 <= margin <= 1:
            raise ValueError(
                'margin lies between two probabilities: it must '
                f'be 0...1, but got {margin}.'
            )
        self.loss_type = loss_type
        self.margin = margin

    def check(self, head: Any, aggregation: str) -> None:
        """Raise if the head or the consensus do not fit the loss.

        Args:
            head (Any): :class:`BertCrossModalHead`.
            aggregation (str): Of the consensus.

        Raises:
            ValueError: If :math:`K` is not the loss's, or log-sum-exp meets
                ``'rank'`` (it is the pooled form of a cross entropy only).
        """
        expected = NUM_CLASSES[self.loss_type]
        if head.num_classes != expected:
            raise ValueError(
                f"RetrievalTask(loss_type='{self.loss_type}') needs "
                f'head.num_classes={expected}, but got {head.num_classes}.'
            )
        if self.loss_type == 'rank' and aggregation == 'lse':
            raise ValueError(
                "RetrievalTask(loss_type='rank') cannot be combined with "
                "aggregation='lse', which is only valid with cross entropy. "
                "Use 'mean' or 'max'."
            )

    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        """Loss of the batch.

        Args:
            output (ModelOutput): ``video_logits`` of ``(N, num_texts, K)``.
            data_samples (Sequence[ActionDataSample]): With ``text_labels``,
                ``(num_texts, )``, 1 where the text belongs to the video.

        Returns:
            dict[str, Tensor]: ``loss_itm``, a scalar.
        """
        logits = output.video_logits
        labels = stack_field(data_samples, 'text_labels', logits.device)
        if self.loss_type == 'ce':
            loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        else:
            loss = rank_loss(logits[..., 0].sigmoid(), labels, self.margin)
        return dict(loss_itm=loss)

    def match_scores(self, video_logits: Tensor) -> Tensor:
        """Return how well each text matches its video.

        Args:
            video_logits (Tensor): ``(N, M, K)``.

        Returns:
            Tensor: float32 ``(N, M)`` in [0, 1].
        """
        logits = video_logits.float()
        if self.loss_type == 'ce':
            return logits.softmax(-1)[..., 1]
        return logits[..., 0].sigmoid()

    def predict(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> Sequence[ActionDataSample]:
        """Add ``match_score`` to the samples.

        Args:
            output (ModelOutput): ``video_logits`` of ``(N, num_texts, K)``.
            data_samples (Sequence[ActionDataSample]): N samples.

        Returns:
            Sequence[ActionDataSample]: The same, each with ``match_score``,
            float32 of ``(num_texts, )`` in 0...1.
        """
        scores = self.match_scores(output.video_logits)
        for sample, score in zip(data_samples, scores):
            sample.set_field(score, 'match_score')
        return data_samples
