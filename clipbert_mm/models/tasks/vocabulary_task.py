# Copyright (c) clipbert_mm contributors.
"""Base class of the tasks that choose from an answer vocabulary."""

import json
from collections.abc import Sequence
from typing import Any

import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary

from .base_task import BaseTask


def encode_answers(answers: Sequence[str]) -> Tensor:
    """Encode answers as a tensor, which every checkpoint format can hold.

    Args:
        answers (Sequence[str]): Answers in the order of their labels.

    Returns:
        Tensor: uint8, the bytes of a JSON list in UTF-8.

    Example:
        >>> bytes(encode_answers(['no', 'yes']).tolist())
        b'["no", "yes"]'
    """
    text = json.dumps(list(answers), ensure_ascii=False)
    return torch.tensor(list(text.encode()), dtype=torch.uint8)


def decode_answers(encoded: Tensor) -> list[str]:
    """Decode a tensor that :func:`encode_answers` made.

    Args:
        encoded (Tensor): uint8, the bytes of a JSON list.

    Returns:
        list[str]: Answers in the order of their labels.

    Raises:
        ValueError: If the tensor does not hold answers.

    Example:
        >>> decode_answers(encode_answers(['no', 'yes']))
        ['no', 'yes']
    """
    try:
        return _checked(json.loads(bytes(encoded.tolist()).decode()))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(
            'The answers in the checkpoint (task.vocabulary) cannot be read: '
            f'{error}. Use the checkpoint as training wrote it.'
        ) from error


def _checked(answers: Any) -> list[str]:
    """Raise unless a value is a list of strings."""
    if not isinstance(answers, list) or not all(
        isinstance(answer, str) for answer in answers
    ):
        raise ValueError('they are no list of strings')
    return answers


def compare_answers(saved: Sequence[str], own: Sequence[str]) -> None:
    """Raise unless a checkpoint was trained on the answers of the model.

    Args:
        saved (Sequence[str]): Answers of the checkpoint.
        own (Sequence[str]): Answers of the model.

    Raises:
        ValueError: If they differ in number, order or spelling.
    """
    if list(saved) == list(own):
        return
    label = next(
        (i for i, pair in enumerate(zip(saved, own)) if pair[0] != pair[1]),
        min(len(saved), len(own)),
    )
    first, second = (
        repr(answers[label]) if label < len(answers) else 'none'
        for answers in (saved, own)
    )
    raise ValueError(
        f'The checkpoint was trained on {len(saved)} answers, but '
        f'task.vocabulary has {len(own)} others; the first difference is at '
        f'label {label}: {first} in the checkpoint, {second} in the '
        'vocabulary. Test with the vocabulary of training; to fine-tune with '
        'other answers, drop the head by `tools/convert_weights.py export '
        'CONFIG CHECKPOINT FOLDER --without-task`.'
    )


class VocabularyTask(BaseTask):
    """Base class of the tasks whose classes are answers.

    The answers are kept in the checkpoint, as the tensor ``vocabulary``, so
    that a model never returns answers of another vocabulary. The tensor is
    not a buffer: MMEngine averages buffers over the processes after an epoch,
    and bytes do not survive that.

    Args:
        vocabulary (str | Sequence[str]): JSON file ``{"answer": label}``, or
            the answers in the order of their labels.

    Raises:
        ValueError: If the file is not a vocabulary; when a state dict is
            loaded, if its answers differ.
    """

    answered_by = 'answer'
    answers: list[str]

    def __init__(self, vocabulary: str | Sequence[str]) -> None:
        super().__init__()
        self.answers = read_vocabulary(vocabulary)
        self.register_state_dict_post_hook(_save_answers)
        self._register_load_state_dict_pre_hook(self._take_answers)

    def check_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str
    ) -> None:
        """Compare the answers of a checkpoint with those of the model.

        Args:
            state_dict (dict[str, Tensor]): State dict to be loaded. One
                without answers (a converted official checkpoint) gets those
                of the model, so that it counts as complete.
            prefix (str): Prefix of the task's names in it.

        Raises:
            ValueError: If the answers differ, or cannot be read.
        """
        saved = state_dict.setdefault(
            f'{prefix}vocabulary', encode_answers(self.answers)
        )
        compare_answers(decode_answers(saved), self.answers)

    def _take_answers(
        self, state_dict: dict[str, Tensor], prefix: str, *_: object
    ) -> None:
        self.check_state_dict(state_dict, prefix)
        del state_dict[f'{prefix}vocabulary']  # no parameter, no buffer

    def add_answers(
        self,
        logits: Tensor,
        scores: Tensor,
        data_samples: Sequence[ActionDataSample],
    ) -> None:
        """Add the best answers to the samples.

        Args:
            logits (Tensor): ``(N, M, answers)``; the largest is the answer.
            scores (Tensor): ``(N, M, answers)`` in [0, 1].
            data_samples (Sequence[ActionDataSample]): N samples, which get
                ``pred_labels`` int64 ``(M, )``, ``pred_answers`` and
                ``answer_scores`` float32 ``(M, answers)``.
        """
        # Not the largest score: scores rounded to 1 would tie.
        best = logits.argmax(-1)
        for sample, labels, score in zip(data_samples, best, scores):
            sample.set_field(labels, 'pred_labels')
            sample.set_field(
                [self.answers[i] for i in labels.tolist()], 'pred_answers'
            )
            sample.set_field(score, 'answer_scores')


def _save_answers(
    task: VocabularyTask,
    state_dict: dict[str, Tensor],
    prefix: str,
    *_: object,
) -> None:
    state_dict[f'{prefix}vocabulary'] = encode_answers(task.answers)
