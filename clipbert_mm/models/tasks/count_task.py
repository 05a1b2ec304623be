# Copyright (c) clipbert_mm contributors.
"""Repetition counting: the answer is a number."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor

from .base_task import BaseTask, TaskHead
from .task_output import ModelOutput, stack_field


@MODELS.register_module()
class CountTask(BaseTask):
    """Repetition counting by regression, TGIF-QA Count.

    The paper leaves this task out; the reference at a118b02 has an unused
    branch for it, with the same loss.

    Args:
        min_count (int): Smallest prediction. Defaults to 1.
        max_count (int): Largest prediction. Defaults to 10. The loss takes
            counts as they are, also beyond these.

    Raises:
        ValueError: If ``min_count`` is above ``max_count``.

    Example:
        >>> CountTask().max_count
        10
    """

    answered_by = 'count'
    combines_with_lse = False

    def __init__(self, min_count: int = 1, max_count: int = 10) -> None:
        super().__init__()
        if min_count > max_count:
            raise ValueError(
                'min_count of CountTask must not be above max_count, but got '
                f'{min_count} and {max_count}.'
            )
        self.min_count = min_count
        self.max_count = max_count

    def check_head(self, head: TaskHead) -> None:
        """Raise unless the head has one class.

        Args:
            head (TaskHead): Head of the model.

        Raises:
            ValueError: If K is not 1.
        """
        if head.num_classes != 1:
            raise ValueError(
                f'CountTask needs head.num_classes=1, but got '
                f'{head.num_classes}.'
            )

    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        """Return the mean squared error of a batch.

        Args:
            output (ModelOutput): Output with ``video_logits`` ``(N, M, 1)``.
            data_samples (Sequence[ActionDataSample]): N samples with
                ``answer_labels`` ``(M, )``, the counts.

        Returns:
            dict[str, Tensor]: ``loss_count``, a scalar.

        Raises:
            ValueError: If the labels have another shape.
        """
        values = output.video_logits[..., 0].float()
        counts = stack_field(
            data_samples, 'answer_labels', values.device, torch.float32
        )
        if counts.shape != values.shape:
            raise ValueError(
                'answer_labels must hold one count for each question, '
                f'{tuple(values.shape)}, but have the shape '
                f"{tuple(counts.shape)}. Use answers.format='count'."
            )
        return dict(loss_count=F.mse_loss(values, counts))

    def predict(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> Sequence[ActionDataSample]:
        """Add the counts to the samples.

        Args:
            output (ModelOutput): Output with ``video_logits`` ``(N, M, 1)``.
            data_samples (Sequence[ActionDataSample]): N samples.

        Returns:
            Sequence[ActionDataSample]: The same samples, each with
            ``pred_values`` float32 ``(M, )``, as regressed, and
            ``pred_counts`` int64 ``(M, )``, rounded and clamped.
        """
        values = output.video_logits[..., 0].float()
        counts = values.round().clamp(self.min_count, self.max_count).long()
        for sample, value, count in zip(data_samples, values, counts):
            sample.set_field(value, 'pred_values')
            sample.set_field(count, 'pred_counts')
        return data_samples
