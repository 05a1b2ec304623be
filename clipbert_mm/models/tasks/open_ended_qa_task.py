# Copyright (c) clipbert_mm contributors.
"""Open-ended question answering: one of many answers is right."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor

from .base_task import TaskHead
from .task_output import ModelOutput, stack_labels
from .vocabulary_task import VocabularyTask


@MODELS.register_module()
class OpenEndedQATask(VocabularyTask):
    """Open-ended question answering, MSRVTT-QA and TGIF-QA FrameQA.

    `ClipBERT <https://arxiv.org/abs/2102.06183>`_, section "Downstream
    Tasks"; ``ClipBertForSequenceClassification`` of the reference at a118b02
    with ``loss_type='ce'``. The head may have more classes than there are
    answers (the reference has at least 1,500); the surplus is never right.

    Args:
        vocabulary (str | Sequence[str]): JSON file ``{"answer": label}``, or
            the answers in the order of their labels. Kept in the checkpoint.

    Raises:
        ValueError: If the file is not a vocabulary; when a state dict is
            loaded, if its answers differ.

    Example:
        >>> OpenEndedQATask(['cat', 'dog']).answers
        ['cat', 'dog']
    """

    def check_head(self, head: TaskHead) -> None:
        """Raise unless the head has a class for each answer.

        Args:
            head (TaskHead): Head of the model.

        Raises:
            ValueError: If there are fewer classes than answers.
        """
        if head.num_classes < len(self.answers):
            raise ValueError(
                f'OpenEndedQATask has a vocabulary of {len(self.answers)} '
                'answers and needs as many classes or more, but got '
                f'head.num_classes={head.num_classes}.'
            )

    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        """Return the cross entropy over classes, the mean over questions.

        Args:
            output (ModelOutput): Output with ``video_logits`` ``(N, M, K)``.
            data_samples (Sequence[ActionDataSample]): N samples with
                ``answer_labels`` ``(M, )``.

        Returns:
            dict[str, Tensor]: ``loss_answer``, a scalar.

        Raises:
            ValueError: If the labels have another shape, or one is out of
                range.
        """
        logits = output.video_logits
        labels = stack_labels(data_samples, len(self.answers), logits.device)
        return dict(
            loss_answer=F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        )

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
            strings) and ``answer_scores`` float32 ``(M, answers)``, the
            softmax over the answers.
        """
        # Differs from reference: a class beyond the vocabulary cannot win; it
        # has no answer, and the reference fails with a KeyError.
        logits = output.video_logits.float()[..., : len(self.answers)]
        self.add_answers(logits, logits.softmax(-1), data_samples)
        return data_samples
