# Copyright (c) clipbert_mm contributors.
"""Groups of dataset options: negatives, unreadable media, answers."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from clipbert_mm.annotations.questions import ANSWER_FORMATS
from clipbert_mm.utils.checks import (
    check_choice,
    check_fraction,
    check_integer,
)

WORD_OVERLAP = 'word_overlap'
UNKNOWN_ANSWERS = ('raise', 'drop')


@dataclasses.dataclass(frozen=True)
class NegativeOptions:
    """Negative captions that accompany each caption.

    Args:
        number (int): Negatives per caption. Defaults to 1.
        hard (int): Hard ones among them. Defaults to 0.
        source (str): Source of the hard ones: ``'word_overlap'``, or the path
            of JSON lines ``{"sen_id": .., "negatives": [sen_id, ..]}`` below
            ``data_root``. Defaults to ``'word_overlap'``.

    Raises:
        ValueError: If a count is out of range.

    Example:
        >>> NegativeOptions(number=3, hard=1).source
        'word_overlap'
    """

    number: int = 1
    hard: int = 0
    source: str = WORD_OVERLAP

    def __post_init__(self) -> None:
        check_integer('negatives.number', self.number, 0)
        check_integer('negatives.hard', self.hard, 0)
        if self.hard > self.number:
            raise ValueError(
                'negatives.hard must be at most negatives.number, but got '
                f'{self.hard} of {self.number}.'
            )


@dataclasses.dataclass(frozen=True)
class BadMediaOptions:
    """Tolerance for media files that cannot be read.

    Args:
        max_fraction (float): Maximum fraction of unreadable files before
            training stops. Defaults to 0.1.
        max_refetch (int): Maximum number of replacement samples to try in
            training. Defaults to 1000.

    Raises:
        ValueError: If an option is out of range.

    Example:
        >>> BadMediaOptions(max_fraction=0.2).max_refetch
        1000
    """

    max_fraction: float = 0.1
    max_refetch: int = 1000

    def __post_init__(self) -> None:
        check_fraction('bad_media.max_fraction', self.max_fraction)
        check_integer('bad_media.max_refetch', self.max_refetch, 0)


@dataclasses.dataclass(frozen=True)
class AnswerOptions:
    """Format of the answers to questions.

    Args:
        format (str): ``'open'``, ``'choice'``, ``'count'`` or ``'soft'``; see
            :func:`read_questions`.
        vocabulary (str | Sequence[str] | None): Answers of the model, or
            their file below ``data_root`` (see :func:`read_vocabulary`).
            Required for ``'open'`` and ``'soft'``, refused for the others.
            Defaults to None.
        num_options (int): Options per question, for ``'choice'``. Defaults to
            5.
        unknown (str): Treatment of training answers outside the vocabulary:
            ``'raise'`` an error, or ``'drop'`` them together with questions
            left without an answer. Defaults to ``'raise'``.

    Raises:
        ValueError: If an option is out of range, or a vocabulary is missing
            or superfluous.

    Example:
        >>> AnswerOptions('open', vocabulary=['yes', 'no']).unknown
        'raise'
    """

    format: str
    vocabulary: str | Sequence[str] | None = None
    num_options: int = 5
    unknown: str = 'raise'

    def __post_init__(self) -> None:
        check_choice('answers.format', self.format, ANSWER_FORMATS)
        check_choice('answers.unknown', self.unknown, UNKNOWN_ANSWERS)
        check_integer('answers.num_options', self.num_options, 2)
        needs_vocabulary = self.format in ('open', 'soft')
        if needs_vocabulary != (self.vocabulary is not None):
            raise ValueError(
                f'answers.format={self.format!r} needs '
                f'{"a" if needs_vocabulary else "no"} vocabulary, but got '
                f'answers.vocabulary={self.vocabulary!r:.80}.'
            )


Group = TypeVar('Group', NegativeOptions, BadMediaOptions, AnswerOptions)


def read_group(
    group: type[Group], name: str, given: Mapping[str, Any] | None
) -> Group:
    """Build an option group from the dict of a config.

    Args:
        group (type[Group]): Class of the group.
        name (str): Name of the dataset's argument, for messages.
        given (Mapping[str, Any] | None): Options of the group; None leaves all
            at their defaults.

    Returns:
        Group: The group.

    Raises:
        TypeError: If an option is unknown or a required one is missing.
        ValueError: If an option is out of range.

    Example:
        >>> read_group(BadMediaOptions, 'bad_media', dict(max_fraction=0.5))
        BadMediaOptions(max_fraction=0.5, max_refetch=1000)
    """
    given = {} if given is None else given
    if not isinstance(given, Mapping):
        raise TypeError(f'{name} must be a dict, but got {given!r:.80}.')
    fields = dataclasses.fields(group)
    valid = [field.name for field in fields]
    unknown = [key for key in given if key not in valid]
    if unknown:
        raise TypeError(
            f'{name} must have options among {valid}, but got {unknown}.'
        )
    missing = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.name not in given
    ]
    if missing:
        raise TypeError(f'{name} must have {missing}, but got {dict(given)}.')
    return group(**given)
