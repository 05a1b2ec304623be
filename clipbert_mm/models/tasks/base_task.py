# Copyright (c) clipbert_mm contributors.
"""Base class of the tasks: what a model, a hook and an API ask of them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from torch import Tensor, nn

from .task_output import ModelOutput


class TaskHead(Protocol):
    """The properties of a cross-modal head that a task checks."""

    num_classes: int

    @property
    def word_embeddings(self) -> Tensor:
        """Word embeddings, ``(vocabulary, D)``."""


class BaseTask(BaseModule):
    """Base class of the tasks.

    A task turns the video logits ``(N, M, K)`` into a loss or a prediction.
    A task of your own inherits from this class and is registered in
    ``MODELS``. The attributes below may be set by the class or, where they
    depend on options, in its constructor.

    Attributes:
        needs_text_states (bool): Whether ``ModelOutput.text_states`` is
            computed. Defaults to False.
        combines_with_lse (bool): Whether the loss is a cross entropy over
            classes, for which log-sum-exp over the clips is the pooled form.
            Defaults to True.
        answers (list[str], optional): Answers in the order of the classes.
            Datasets must have the same, and an exported config holds them.
            Defaults to None: the classes are not answers.
        answered_by (str, optional): How :class:`ClipBERTInferencer` asks a
            model of this task: ``'answer'`` (from the vocabulary),
            ``'choose'`` (among options) or ``'count'``. Defaults to None.
        num_options (int, optional): Options that each question must have.
            Defaults to None: any number.
    """

    needs_text_states: bool = False
    combines_with_lse: bool = True
    answers: list[str] | None = None
    answered_by: str | None = None
    num_options: int | None = None

    @property
    def label(self) -> str:
        """Name of the task in messages."""
        return type(self).__name__

    def check(self, head: TaskHead, consensus: nn.Module) -> None:
        """Raise unless head and consensus fit the task.

        Args:
            head (TaskHead): Head of the model, such as
                :class:`BertCrossModalHead`.
            consensus (nn.Module): Consensus of the model. A module without
                the attribute ``is_log_sum_exp`` is not log-sum-exp.

        Raises:
            ValueError: If they do not fit.
        """
        self.check_head(head)
        is_lse = getattr(consensus, 'is_log_sum_exp', False)
        if is_lse and not self.combines_with_lse:
            raise ValueError(
                f"{self.label} cannot be combined with aggregation='lse', "
                "which is only valid with cross entropy. Use 'mean' or 'max'."
            )

    @abstractmethod
    def check_head(self, head: TaskHead) -> None:
        """Raise unless the head fits the task.

        Args:
            head (TaskHead): Head of the model.

        Raises:
            ValueError: If its number of classes does not fit.
        """

    @abstractmethod
    def loss(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> dict[str, Tensor]:
        """Return the losses of a batch, each a scalar.

        Args:
            output (ModelOutput): Output for N videos with M texts each.
            data_samples (Sequence[ActionDataSample]): N samples with the
                targets of the task.

        Returns:
            dict[str, Tensor]: Losses by name.
        """

    @abstractmethod
    def predict(
        self, output: ModelOutput, data_samples: Sequence[ActionDataSample]
    ) -> Sequence[ActionDataSample]:
        """Add predictions to the samples.

        Args:
            output (ModelOutput): Output for N videos with M texts each.
            data_samples (Sequence[ActionDataSample]): N samples.

        Returns:
            Sequence[ActionDataSample]: The same samples.
        """

    def match_scores(self, video_logits: Tensor) -> Tensor:
        """Return how well each text matches its video.

        Args:
            video_logits (Tensor): ``(N, M, K)``.

        Returns:
            Tensor: float32 ``(N, M)`` in [0, 1].

        Raises:
            NotImplementedError: If the task does not match texts and videos.
        """
        raise NotImplementedError(
            f'{self.label} has no match scores. Use RetrievalTask.'
        )

    def evidence(self, video_logits: Tensor, label: int = 0) -> Tensor:
        """Return the logit that an explanation takes apart.

        The default is the logit of an answer; a task with a logit for and
        one against a match returns their difference, the log odds.

        Args:
            video_logits (Tensor): ``(N, M, K)``.
            label (int): Class of the answer; not used by tasks that match
                texts. Defaults to 0.

        Returns:
            Tensor: ``(N, M)``.
        """
        return video_logits[..., label]

    def check_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str
    ) -> None:
        """Raise unless a checkpoint fits the task, before it is loaded.

        The default accepts every checkpoint.

        Args:
            state_dict (dict[str, Tensor]): State dict to be loaded; a task
                may add what is missing.
            prefix (str): Prefix of the task's names in it.

        Raises:
            ValueError: If it does not fit.
        """
