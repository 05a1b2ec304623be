# Copyright (c) clipbert_mm contributors.
"""Multiple choice: one option of a question is right."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor

from clipbert_mm.utils.checks import check_integer

from .base_task import BaseTask, TaskHead
from .task_output import ModelOutput, stack_labels


@MODELS.register_module()
class MultipleChoiceTask(BaseTask):
    """Multiple-choice question answering, TGIF-QA Action and Transition.

    `ClipBERT <https://arxiv.org/abs/2102.06183>`_, section "Downstream
    Tasks"; ``ClipBertForMultipleChoice`` of the reference at a118b02. Every
    text is a question with one of its options and has one logit; the logits
    of a question's options are the classes of a cross entropy.

    Args:
        num_options (int): Options of a question, O. Defaults to 5.

    Raises:
        ValueError: If there are fewer than two options.

    Example:
        >>> MultipleChoiceTask().num_options
        5
    """

    answered_by = 'choose'
    num_options: int

    def __init__(self, num_options: int = 5) -> None:
        super().__init__()
        check_integer('num_options', num_options, 2)
        self.num_options = num_options

    def check_head(self, head: TaskHead) -> None:
        """Raise unless the head has one class.

        Args:
            head (TaskHead): Head of the model.

        Raises:
            ValueError: If K is not 1.
        """
        if head.num_classes != 1:
            raise ValueError(
                'MultipleChoiceTask gives every option one logit and needs '
                f'head.num_classes=1, but got {head.num_classes}.'
            )

    def _option_logits(self, output: ModelOutput) -> Tensor:
        """Return the logits of each question's options, ``(N, g, O)``."""
        logits = output.video_logits[..., 0]
        if logits.shape[1] % self.num_options:
            raise ValueError(
                f'A video has {logits.shape[1]} texts, which is no multiple '
                f'of num_options={self.num_options}. Give the dataset and '
                'the task the same num_options.'
            )
        return logits.unflatten(1, (-1, self.num_options))

    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        """Return the cross entropy over options, the mean over questions.

        Args:
            output (ModelOutput): Output with ``video_logits``
                ``(N, g * O, 1)`` for g questions of each video.
            data_samples (Sequence[ActionDataSample]): N samples with
                ``answer_labels`` ``(g, )``, the indices of the right options.

        Returns:
            dict[str, Tensor]: ``loss_answer``, a scalar.

        Raises:
            ValueError: If the videos have another number of options, or a
                label is out of range.
        """
        logits = self._option_logits(output)
        labels = stack_labels(data_samples, self.num_options, logits.device)
        if labels.shape != logits.shape[:2]:
            raise ValueError(
                f'A video has {labels.shape[1]} questions, but its '
                f'{output.video_logits.shape[1]} texts are '
                f'{logits.shape[1]} times num_options={self.num_options}. '
                'Give the dataset and the task the same num_options.'
            )
        return dict(
            loss_answer=F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        )

    def predict(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> Sequence[ActionDataSample]:
        """Add the best options to the samples.

        Args:
            output (ModelOutput): Output with ``video_logits``
                ``(N, g * O, 1)``.
            data_samples (Sequence[ActionDataSample]): N samples.

        Returns:
            Sequence[ActionDataSample]: The same samples, each with
            ``pred_labels`` int64 ``(g, )`` and ``answer_scores`` float32
            ``(g, O)``, the softmax over the options.
        """
        logits = self._option_logits(output).float()
        for sample, rows in zip(data_samples, logits):
            sample.set_field(rows.argmax(-1), 'pred_labels')
            sample.set_field(rows.softmax(-1), 'answer_scores')
        return data_samples
