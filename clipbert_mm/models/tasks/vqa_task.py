# Copyright (c) clipbert_mm contributors.
"""VQA 2.0: answers that are right to a degree."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor

from .base_task import TaskHead
from .task_output import ModelOutput, stack_field
from .vocabulary_task import VocabularyTask


@MODELS.register_module()
class VQATask(VocabularyTask):
    """Question answering with soft labels, VQA 2.0.

    `ClipBERT <https://arxiv.org/abs/2102.06183>`_, section "Downstream
    Tasks"; ``ClipBertForSequenceClassification`` of the reference at a118b02
    with ``loss_type='bce'``.

    Args:
        vocabulary (str | Sequence[str]): JSON file ``{"answer": label}``, or
            the answers in the order of their labels. Kept in the checkpoint.

    Raises:
        ValueError: If the file is not a vocabulary; when a state dict is
            loaded, if its answers differ.

    Example:
        >>> VQATask(['no', 'yes']).answers
        ['no', 'yes']
    """

    combines_with_lse = False

    def check_head(self, head: TaskHead) -> None:
        """Raise unless the head has one class for each answer.

        Args:
            head (TaskHead): Head of the model.

        Raises:
            ValueError: If K is not the number of answers.
        """
        if head.num_classes != len(self.answers):
            raise ValueError(
                f'VQATask has a vocabulary of {len(self.answers)} answers and '
                'needs one class for each, but got '
                f'head.num_classes={head.num_classes}.'
            )

    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        """Return the binary cross entropy of a batch.

        It is summed over the answers and averaged over the questions.

        Args:
            output (ModelOutput): Output with ``video_logits`` ``(N, M, K)``.
            data_samples (Sequence[ActionDataSample]): N samples with
                ``soft_labels`` ``(M, K)`` in [0, 1].

        Returns:
            dict[str, Tensor]: ``loss_answer``, a scalar.

        Raises:
            ValueError: If the labels have another shape.
        """
        logits = output.video_logits
        labels = stack_field(
            data_samples, 'soft_labels', logits.device, torch.float32
        )
        if labels.shape != logits.shape:
            raise ValueError(
                f'soft_labels must have the shape {tuple(logits.shape)}, one '
                f'for each answer, but got {tuple(labels.shape)}. Give the '
                'dataset and the task the same vocabulary.'
            )
        losses = F.binary_cross_entropy_with_logits(
            logits.float(), labels, reduction='none'
        )
        return dict(loss_answer=losses.sum(-1).mean())

    def predict(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> Sequence[ActionDataSample]:
        """Add the best answers to the samples.

        Args:
            output (ModelOutput): Output with ``video_logits`` ``(N, M, K)``.
            data_samples (Sequence[ActionDataSample]): N samples.

        Returns:
            Sequence[ActionDataSample]: The same samples, each with
            ``pred_labels`` int64 ``(M, )``, ``pred_answers`` (a list of M
            strings) and ``answer_scores`` float32 ``(M, K)``, the sigmoid of
            each logit.
        """
        logits = output.video_logits.float()
        self.add_answers(logits, torch.sigmoid(logits), data_samples)
        return data_samples
