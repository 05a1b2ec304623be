# Copyright (c) clipbert_mm contributors.
"""Questions about the quickstart's event videos that give five options."""

from typing import NamedTuple

import numpy as np

from .drawing import SHAPES
from .events import ACTIONS, FIGURE_COLOURS, NUMBERS, Scene
from .wordings import (
    CHOICE_QUESTIONS,
    NUMBER_WORDS,
    PARTICIPLES,
    PLURALS,
    words_of,
)

NUM_OPTIONS = 5


class ChoiceQuestion(NamedTuple):
    """Question with five options; ``answer`` counts them from 0."""

    question: str
    options: tuple[str, ...]
    answer: int
    answer_type: str


def choice_questions(
    scene: Scene, rng: np.random.Generator
) -> list[ChoiceQuestion]:
    """Return the questions about a video that give five options.

    One asks which description is true. A video with one action is also asked
    which it is; a video with two, which follows the first and which precedes
    the second, and the action that the question names is among the options.

    Args:
        scene (Scene): Contents of the video.
        rng (np.random.Generator): Draws the options and their order.

    Returns:
        list[ChoiceQuestion]: Two or three questions.

    Example:
        >>> scene = Scene('red', 'ring', 1, (('jump', 2),))
        >>> found = choice_questions(scene, np.random.default_rng(0))
        >>> found[0].question, found[0].options[found[0].answer]
        ('what do you see', 'one red ring jumping')
        >>> found[1].question, found[1].options[found[1].answer]
        ('what does the ring do twice', 'jump')
    """
    first, then = scene.actions[0][0], scene.actions[-1][0]
    asked = [('description', 0, *descriptions(scene, rng))]
    if len(scene.actions) == 1:
        asked.append(('action', 0, first, other_actions(first, None, rng)))
    else:
        asked += [
            ('transition', 0, then, other_actions(then, first, rng)),
            ('transition', 1, first, other_actions(first, then, rng)),
        ]
    words, found = words_of(scene), []
    for answer_type, wording, right, wrong in asked:
        options = [str(option) for option in rng.permutation([right, *wrong])]
        question = CHOICE_QUESTIONS[answer_type][wording].format(**words)
        found.append(
            ChoiceQuestion(
                question, tuple(options), options.index(right), answer_type
            )
        )
    return found


def descriptions(
    scene: Scene, rng: np.random.Generator
) -> tuple[str, list[str]]:
    """Return a true description and four that are wrong in one or two words.

    The options alone do not give the true one away: four are the
    combinations of two values of two attributes, and the fifth changes a
    third attribute of any of these.

    Args:
        scene (Scene): Contents of the video.
        rng (np.random.Generator): Draws the wrong words and, of two actions,
            the one to describe.

    Returns:
        tuple[str, list[str]]: The true description and the wrong ones.
    """
    shown = [action for action, _ in scene.actions]
    true = (
        NUMBER_WORDS[scene.number - 1],
        scene.colour,
        scene.shape,
        str(rng.choice(shown)),
    )
    values = (NUMBER_WORDS[: len(NUMBERS)], FIGURE_COLOURS, SHAPES, ACTIONS)
    first, second, third = rng.permutation(4)[:3]
    wrong = [
        str(rng.choice([v for v in words if v not in (*true, *shown)]))
        for words in values
    ]
    options = [true]
    for place in (first, second):
        options += [_with(option, place, wrong[place]) for option in options]
    any_option = options[rng.integers(len(options))]
    options.append(_with(any_option, third, wrong[third]))
    right, *others = (describe(*option) for option in options)
    return right, others


def describe(number: str, colour: str, shape: str, action: str) -> str:
    """Return a description of figures in action.

    Args:
        number (str): One of :data:`NUMBER_WORDS`.
        colour (str): Colour of the figures.
        shape (str): Shape of the figures.
        action (str): One of :data:`~.events.ACTIONS`.

    Returns:
        str: Four words, in the singular or plural.

    Example:
        >>> describe('two', 'red', 'ring', 'jump')
        'two red rings jumping'
    """
    shapes = shape if number == 'one' else PLURALS[shape]
    return f'{number} {colour} {shapes} {PARTICIPLES[action]}'


def _with(
    words: tuple[str, str, str, str], place: int, word: str
) -> tuple[str, str, str, str]:
    """Replace one word."""
    changed = list(words)
    changed[place] = word
    number, colour, shape, action = changed
    return number, colour, shape, action


def other_actions(
    right: str, named: str | None, rng: np.random.Generator
) -> list[str]:
    """Return four wrong actions, among them the one the question names.

    Args:
        right (str): The right action.
        named (str | None): Action that the question names, if any.
        rng (np.random.Generator): Draws the others.

    Returns:
        list[str]: Wrong actions.
    """
    others = [a for a in ACTIONS if a not in (right, named)]
    fixed = [] if named is None else [named]
    drawn = rng.permutation(others)[: NUM_OPTIONS - 1 - len(fixed)]
    return fixed + [str(action) for action in drawn]
