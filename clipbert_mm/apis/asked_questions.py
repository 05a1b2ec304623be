# Copyright (c) clipbert_mm contributors.
"""Questions of a call, one or many, with the answers to choose from."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from clipbert_mm.models.tasks import BaseTask

from .question_options import check_options, join_question
from .text_queries import text_list
from .video_inputs import is_single_video


class AskedQuestion(NamedTuple):
    """A question as the model reads it.

    Args:
        names (list[str]): Answers to choose from.
        texts (list[str]): The question, or a text for each answer.
    """

    names: list[str]
    texts: list[str]


def read_questions(
    task: BaseTask, questions: Any, options: Any
) -> list[AskedQuestion]:
    """Return the questions of a call.

    Args:
        task (BaseTask): Task of the model, which can answer them.
        questions (Any): A text, or an iterable of texts. They may be empty
            where options are texts by themselves.
        options (Any): Options of all questions; or, for several questions, a
            list of options for each; or None.

    Returns:
        list[AskedQuestion]: One for each question.

    Raises:
        TypeError: If something is not a text.
        ValueError: If a text is empty, or the number of options is wrong.
    """
    if options is None:
        asked = text_list('questions', questions)
        return [AskedQuestion(task.answers or [], [text]) for text in asked]
    may_be_empty = task.num_options is None
    asked = text_list('questions', questions, may_be_empty)
    if isinstance(questions, str) or not _are_lists(options):
        names = [check_options(options, task.num_options)] * len(asked)
    elif len(options) == len(asked):
        names = [
            check_options(one, task.num_options, f'options[{i}]')
            for i, one in enumerate(options)
        ]
    else:
        raise ValueError(
            f'options must be a list for each of the {len(asked)} questions, '
            f'or one for all of them, but got {len(options)} lists.'
        )
    return [
        AskedQuestion(own, join_question(text, own))
        for text, own in zip(asked, names)
    ]


def _are_lists(options: Any) -> bool:
    return (
        isinstance(options, Sequence)
        and not isinstance(options, str)
        and all(isinstance(one, (list, tuple)) for one in options)
    )


def as_asked(
    found: list[list], videos: Any, questions: str | Iterable[str]
) -> Any:
    """Return results without a list where the call named a single thing.

    Args:
        found (list[list]): For each video, a result for each question.
        videos (Any): One or more videos, as they were passed.
        questions (str | Iterable[str]): One or more questions, as they were
            passed.

    Returns:
        Any: The results; without the inner lists for one question, without
        the outer list for one video.

    Example:
        >>> as_asked([[1, 2]], 'a.mp4', ['how often', 'how many'])
        [1, 2]
        >>> as_asked([[1], [2]], ['a.mp4', 'b.mp4'], 'how often')
        [1, 2]
    """
    if isinstance(questions, str):
        found = [results[0] for results in found]
    return found[0] if is_single_video(videos) else found
