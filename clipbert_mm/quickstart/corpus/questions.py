# Copyright (c) clipbert_mm contributors.
"""Open questions about the quickstart's event videos, and their answers.

All of them follow from a :class:`~.events.Scene`, in six types. Nothing here
touches a file.
"""

from typing import NamedTuple

from .drawing import SHAPES
from .events import ACTIONS, FIGURE_COLOURS, Scene
from .wordings import NUMBER_WORDS, OPEN_QUESTIONS, words_of


class OpenQuestion(NamedTuple):
    """Question whose answer is in the vocabulary."""

    question: str
    answer: str
    answer_type: str


def all_answers() -> list[str]:
    """Return every possible answer of an open question, 21 in all.

    Returns:
        list[str]: Colours, shapes, numbers and actions.

    Example:
        >>> len(all_answers())
        21
    """
    return [*FIGURE_COLOURS, *SHAPES, *NUMBER_WORDS, *ACTIONS]


def open_questions(
    scene: Scene, wording: int | None = None
) -> list[OpenQuestion]:
    """Return the open questions about a video.

    Every video is asked for its colour, shape and number. A video with one
    action is asked which it is and how many times it happens; a video with
    two, which follows the first and which precedes the second.

    Args:
        scene (Scene): Contents of the video.
        wording (int | None): Wording of each type, modulo the number of
            its wordings. Defaults to None: all.

    Returns:
        list[OpenQuestion]: The questions, grouped by type.

    Example:
        >>> scene = Scene('red', 'ring', 3, (('jump', 2),))
        >>> for question, answer, _ in open_questions(scene, 0):
        ...     print(question, '-', answer)
        what colour are the rings - red
        what shape are the red figures - ring
        how many red figures do you see - three
        how many times do the rings jump - two
        what do the rings do - jump
    """
    words = words_of(scene)
    answers = dict(
        colour=[scene.colour],
        shape=[scene.shape] * 2,
        number=[NUMBER_WORDS[scene.number - 1]],
    )
    first, times = scene.actions[0]
    if len(scene.actions) == 1:
        answers.update(
            repetition=[NUMBER_WORDS[times - 1]] * 2, action=[first] * 2
        )
    else:
        answers.update(transition=[scene.actions[-1][0], first])
    return [
        OpenQuestion(asked.format(**words), answer, answer_type)
        for answer_type, own in answers.items()
        for which, (asked, answer) in enumerate(
            zip(OPEN_QUESTIONS[answer_type], own)
        )
        if wording is None or which == wording % len(own)
    ]
