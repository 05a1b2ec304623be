# Copyright (c) clipbert_mm contributors.
"""The score that an explanation takes apart: of a match or of an answer."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from clipbert_mm.weights.calibration import Calibration, apply_calibration

from .question_options import join_question
from .text_queries import one_text
from .video_features import VideoFeatures
from .video_text_model import VideoTextModel


@dataclasses.dataclass(frozen=True)
class ExplainedTarget:
    """Text and answer whose score is explained.

    Args:
        text (str): Text that the model reads.
        answer (str | None): Answer; None for a match or a count.
        label (int): Class of the answer. Defaults to 0.
    """

    text: str
    answer: str | None
    label: int = 0


def choose_target(
    core: VideoTextModel,
    features: VideoFeatures,
    text: str,
    answer: str | None,
) -> ExplainedTarget:
    """Return the score to explain.

    Args:
        core (VideoTextModel): The model.
        features (VideoFeatures): Features of the video.
        text (str): Text, or question.
        answer (str | None): Answer; None for the best that the model knows.

    Returns:
        ExplainedTarget: Text for the model, and class of the answer.

    Raises:
        TypeError: If an argument is not a string.
        ValueError: If the model has no answers, does not know this one, or
            needs one.
    """
    task = core.model.task
    if answer is not None:
        one_text('answer', answer)
    if task.answers is not None:
        if answer is None:
            scores = _answer_scores(core, [features], [text])[0, 0]
            label = int(scores.argmax())
        elif answer in task.answers:
            label = task.answers.index(answer)
        else:
            raise ValueError(
                f'The model has no answer {answer!r}. Pass one of its '
                f'{len(task.answers)} answers, such as {task.answers[0]!r}.'
            )
        return ExplainedTarget(text, task.answers[label], label)
    if task.num_options is not None:
        if answer is None:
            raise ValueError(
                f'A model of {type(task).__name__} needs an answer. Pass the '
                'option to explain as answer=.'
            )
        return ExplainedTarget(join_question(text, [answer])[0], answer)
    if answer is not None:
        raise ValueError(
            f'A model of {type(task).__name__} has no answers, but got '
            f'answer={answer!r}. Leave it out.'
        )
    return ExplainedTarget(text, None)


def target_scores(
    core: VideoTextModel,
    features: Sequence[VideoFeatures],
    texts: Sequence[str],
    label: int,
    calibration: Calibration | None = None,
) -> np.ndarray:
    """Return the scores of videos and texts.

    Args:
        core (VideoTextModel): The model.
        features (Sequence[VideoFeatures]): N videos.
        texts (Sequence[str]): M texts.
        label (int): Class of the answer.
        calibration (Calibration | None): Calibration of match scores.
            Defaults to None.

    Returns:
        np.ndarray: ``(N, M)``: match scores, probabilities of the answer, or,
        where a model has neither, the logit.
    """
    if core.matches_texts:
        return apply_calibration(core.scores(features, texts)[0], calibration)
    if core.model.task.answers is not None:
        return _answer_scores(core, features, texts)[..., label]
    logits = core.model.fuse_clips(core.clip_logits(features, texts))
    return core.model.task.evidence(logits).numpy()


def clip_evidence(
    core: VideoTextModel, clip_logits: Tensor, label: int
) -> Tensor:
    """Return the evidence of clips, each as a video of one clip.

    Args:
        core (VideoTextModel): The model.
        clip_logits (Tensor): ``(N, M, C, K)``.
        label (int): Class of the answer.

    Returns:
        Tensor: ``(N, M, C)``.
    """
    alone = clip_logits.flatten(0, 1).transpose(0, 1)[:, :, None]
    found = core.model.task.evidence(core.model.fuse_clips(alone), label)
    return found.transpose(0, 1).unflatten(0, clip_logits.shape[:2])


def _answer_scores(
    core: VideoTextModel,
    features: Sequence[VideoFeatures],
    texts: Sequence[str],
) -> np.ndarray:
    """Return the probabilities of the answers, ``(N, M, K)``."""
    samples = core.predictions(features, texts)
    return np.stack([sample.answer_scores.numpy() for sample in samples])
