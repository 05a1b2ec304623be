# Copyright (c) clipbert_mm contributors.
"""Text-to-video retrieval: losses and match scores."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor

from clipbert_mm.utils.checks import check_choice, check_fraction

from .base_task import BaseTask, TaskHead
from .task_output import ModelOutput, stack_field

NUM_CLASSES = {'ce': 2, 'rank': 1}


def rank_loss(scores: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Return the mean hinge over every (own, foreign) pair of texts.

    The hinge is ``max(0, margin + foreign - own)``.

    Args:
        scores (Tensor): Match scores ``(N, M)`` in [0, 1].
        labels (Tensor): ``(N, M)``, 1 at texts of the video.
        margin (float): Minimum score gap between matching and other texts.

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
class RetrievalTask(BaseTask):
    """Text-to-video retrieval task.

    `ClipBERT <https://arxiv.org/abs/2102.06183>`_, section "Downstream
    Tasks"; ``ClipBertForVideoTextRetrieval`` of the reference at a118b02.

    Args:
        loss_type (str): ``'ce'``: two classes, label 1 for a match, cross
            entropy over all (video, text) pairs; ``'rank'``: one logit, hinge
            between a video's own and foreign texts. Defaults to ``'ce'``.
        margin (float): Minimum score gap between matching and other texts,
            for ``'rank'``. Defaults to 0.2.

    Raises:
        ValueError: If ``loss_type`` is unknown or ``margin`` is not in
            [0, 1].

    Example:
        >>> RetrievalTask('rank').margin
        0.2
    """

    answered_by = 'choose'

    def __init__(self, loss_type: str = 'ce', margin: float = 0.2) -> None:
        super().__init__()
        check_choice('loss_type', loss_type, sorted(NUM_CLASSES))
        check_fraction('margin', margin)
        self.loss_type = loss_type
        self.margin = margin
        self.combines_with_lse = loss_type == 'ce'

    @property
    def label(self) -> str:
        """Name of the task in messages."""
        return f'RetrievalTask(loss_type={self.loss_type!r})'

    def check_head(self, head: TaskHead) -> None:
        """Raise unless the head has the classes of the loss.

        Args:
            head (TaskHead): Head of the model.

        Raises:
            ValueError: If K is not 2 for ``'ce'`` or 1 for ``'rank'``.
        """
        expected = NUM_CLASSES[self.loss_type]
        if head.num_classes != expected:
            raise ValueError(
                f'{self.label} needs head.num_classes={expected}, but got '
                f'{head.num_classes}.'
            )

    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        """Return the loss of a batch.

        Args:
            output (ModelOutput): Output with ``video_logits`` ``(N, M, K)``.
            data_samples (Sequence[ActionDataSample]): N samples with
                ``text_labels`` ``(M, )``, 1 where the text belongs to the
                video.

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

    def evidence(self, video_logits: Tensor, label: int = 0) -> Tensor:
        """Return the log odds of a match.

        Args:
            video_logits (Tensor): ``(N, M, K)``.
            label (int): Not used. Defaults to 0.

        Returns:
            Tensor: ``(N, M)``.
        """
        if self.loss_type == 'rank':
            return video_logits[..., 0]
        return video_logits[..., 1] - video_logits[..., 0]

    def predict(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> Sequence[ActionDataSample]:
        """Add ``match_score`` to the samples.

        Args:
            output (ModelOutput): Output with ``video_logits`` ``(N, M, K)``.
            data_samples (Sequence[ActionDataSample]): N samples.

        Returns:
            Sequence[ActionDataSample]: The same samples, each with
            ``match_score``, float32 ``(M, )`` in [0, 1].
        """
        scores = self.match_scores(output.video_logits)
        for sample, score in zip(data_samples, scores):
            sample.set_field(score, 'match_score')
        return data_samples
