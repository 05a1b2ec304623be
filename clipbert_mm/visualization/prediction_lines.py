# Copyright (c) clipbert_mm contributors.
"""Truth and prediction of a data sample, as lines of text."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from mmaction.structures import ActionDataSample

from .clip_sheet import Line, note
from .contact_sheet import INK, RIGHT

MOST_CHOICES = 5
_TARGETS = ('text_labels', 'answer_labels', 'soft_labels')


class Choices(NamedTuple):
    """Texts, options or answers that a model has scored for a video.

    Args:
        texts (Sequence[str]): The n choices.
        scores (np.ndarray): Scores ``(n,)``.
        rights (np.ndarray): How right each is, in [0, 1], ``(n,)``.
        ranks (np.ndarray): Rank of each by its score, from 1, ``(n,)``.
    """

    texts: Sequence[str]
    scores: np.ndarray
    rights: np.ndarray
    ranks: np.ndarray

    def right_inds(self) -> list[int]:
        """Return the indices of the right choices, the most right first."""
        order = np.argsort(-self.rights, kind='stable')
        return [int(i) for i in order if self.rights[i] > 0][:MOST_CHOICES]

    def shown_inds(self, with_rights: bool) -> list[int]:
        """Return the best choices and, if asked for, the right ones."""
        order = np.argsort(self.ranks, kind='stable')
        wanted = set(order[:MOST_CHOICES].tolist())
        if with_rights:
            wanted.update(self.right_inds())
        return [int(i) for i in order if int(i) in wanted]


def choices_of(sample: ActionDataSample) -> Choices:
    """Return what a model has chosen from.

    Args:
        sample (ActionDataSample): Sample of one question, or of texts to
            match, with ``answer_scores`` or ``match_score`` and, for answers
            of a vocabulary, ``answers``; see :func:`prediction_lines`.

    Returns:
        Choices: The choices; none is right if the sample has no truth.

    Example:
        >>> sample = ActionDataSample()
        >>> sample.set_field(['a dog', 'a cat'], 'texts')
        >>> sample.set_field(np.array([0.2, 0.7]), 'match_score')
        >>> choices_of(sample).ranks.tolist()
        [2, 1]
    """
    scores = scores_of(sample)
    ranks = sample.get('text_ranks')
    if ranks is None:
        ranks = np.argsort(np.argsort(-scores, kind='stable')) + 1
    return Choices(
        sample.get('answers') or sample.texts,
        scores,
        _rights(sample, len(scores)),
        np.asarray(ranks),
    )


def scores_of(prediction: ActionDataSample) -> np.ndarray:
    """Return the scores of all choices.

    Args:
        prediction (ActionDataSample): Prediction of a task.

    Returns:
        np.ndarray: float ``(n,)``.

    Raises:
        KeyError: If there are none.
    """
    for field in ('answer_scores', 'match_score'):
        if field in prediction:
            return _array(prediction.get(field)).reshape(-1)
    raise KeyError(
        "A sheet needs a data sample with 'answer_scores', 'match_score' or "
        f"'pred_counts', but got {sorted(prediction.all_keys())}."
    )


def _rights(sample: ActionDataSample, number: int) -> np.ndarray:
    """Return how right each choice is, ``(number,)``."""
    rights = np.zeros(number)
    for field in ('text_labels', 'soft_labels'):
        if field in sample:
            return _array(sample.get(field)).reshape(-1)
    if 'answer_labels' in sample:
        (label,) = _array(sample.answer_labels).astype(int)
        if label >= 0:
            rights[label] = 1
    return rights


def prediction_lines(
    sample: ActionDataSample,
    draw_gt: bool = True,
    draw_pred: bool = True,
    draw_score: bool = True,
) -> list[Line]:
    """Return question, truth and prediction of a data sample.

    Args:
        sample (ActionDataSample): Sample of one question about a video, or
            of texts to match with it: the predictions of a task, its targets
            if they are known, and ``texts``, a list of strings. Answers of a
            vocabulary also need ``answers``, a list of all. Texts that are
            some of many have their ``text_ranks``.
        draw_gt (bool): Whether to show the truth. Defaults to True.
        draw_pred (bool): Whether to show the prediction. Defaults to True.
        draw_score (bool): Whether to show the scores. Defaults to True.

    Returns:
        list[Line]: The lines; what is right is green.

    Raises:
        KeyError: If the sample has no prediction.

    Example:
        >>> sample = ActionDataSample()
        >>> sample.set_field(['a dog', 'a cat'], 'texts')
        >>> sample.set_field(np.array([0.2, 0.7]), 'match_score')
        >>> [line.text for line in prediction_lines(sample)]
        ['1.  0.700  a cat', '2.  0.200  a dog']
    """
    if 'pred_counts' in sample:
        return _count_lines(sample, draw_gt, draw_pred, draw_score)
    choices = choices_of(sample)
    lines = []
    if 'answers' in sample:
        lines.append(Line(f'Question: {sample.texts[0]}'))
    if draw_gt and any(field in sample for field in _TARGETS):
        lines.append(Line(f'Truth: {_truth(choices)}', RIGHT))
    if draw_pred:
        lines += [
            _choice_line(choices, i, draw_gt, draw_score)
            for i in choices.shown_inds(draw_gt)
        ]
    return lines


def _truth(choices: Choices) -> str:
    shown = [
        choices.texts[i]
        if choices.rights[i] == 1
        else f'{choices.texts[i]} ({choices.rights[i]:g})'
        for i in choices.right_inds()
    ]
    return '; '.join(shown) or 'none of the choices'


def _choice_line(
    choices: Choices, index: int, draw_gt: bool, draw_score: bool
) -> Line:
    score = f'{choices.scores[index]:.3f}  ' if draw_score else ''
    text = f'{choices.ranks[index]}.  {score}{choices.texts[index]}'
    if draw_gt and choices.rights[index] > 0:
        return Line(f'{text}  (right)', RIGHT)
    return Line(text)


def _count_lines(
    sample: ActionDataSample, draw_gt: bool, draw_pred: bool, draw_score: bool
) -> list[Line]:
    (count,) = _array(sample.pred_counts).astype(int)
    lines = [Line(f'Question: {sample.texts[0]}')]
    is_right = False
    if draw_gt and 'answer_labels' in sample:
        (truth,) = _array(sample.answer_labels).astype(int)
        is_right = count == truth
        lines.append(Line(f'Truth: {truth}', RIGHT))
    if draw_pred:
        (value,) = _array(sample.pred_values)
        score = f'  ({value:.3f})' if draw_score else ''
        colour = RIGHT if is_right else INK
        lines.append(Line(f'Prediction: {count}{score}', colour))
    return lines


def clip_notes(sample: ActionDataSample) -> list[list[Line]]:
    """Return the scores that each clip alone gives.

    Args:
        sample (ActionDataSample): See :func:`prediction_lines`; with
            ``clip_samples``, the predictions from each clip alone.

    Returns:
        list[list[Line]]: For each clip, the score of the prediction for the
        whole video and, if that is wrong, of what is right; or the count.
        Empty without ``clip_samples``.

    Raises:
        KeyError: If a sample has no prediction.
    """
    clips = sample.get('clip_samples') or []
    if 'pred_counts' in sample:
        return [[note(f'{_array(clip.pred_values)[0]:.3f}')] for clip in clips]
    choices = choices_of(sample)
    best = int(choices.ranks.argmin())
    rights = choices.right_inds()
    notes = []
    for clip in clips:
        scores = scores_of(clip)
        lines = [note(f'{scores[best]:.3f}  best')]
        if rights and rights[0] != best:
            lines.append(Line(f'{scores[rights[0]]:.3f}  right', RIGHT))
        elif rights:
            lines = [Line(f'{scores[best]:.3f}  right', RIGHT)]
        notes.append(lines)
    return notes


def _array(values: Any) -> np.ndarray:
    """Return a tensor of any device, an array or a list as floats."""
    if hasattr(values, 'cpu'):
        values = values.float().cpu().numpy()
    return np.asarray(values, float)
