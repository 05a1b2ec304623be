# Copyright (c) clipbert_mm contributors.
"""Questions about the quickstart's event videos, and their answers.

All of them follow from a :class:`~.events.Scene`. Open questions come in six
types, questions with five options in three. Nothing here touches a file.
"""

import re
from typing import NamedTuple

import numpy as np

from .drawing import SHAPES
from .events import ACTIONS, FIGURE_COLOURS, NUMBERS, Scene

NUMBER_WORDS = ('one', 'two', 'three', 'four', 'five')
TIMES_WORDS = ('once', 'twice', 'three times', 'four times', 'five times')
PLURALS = {
    'circle': 'circles',
    'square': 'squares',
    'triangle': 'triangles',
    'cross': 'crosses',
    'ring': 'rings',
}
PARTICIPLES = {
    'jump': 'jumping',
    'slide': 'sliding',
    'grow': 'growing',
    'shrink': 'shrinking',
    'hide': 'hiding',
    'flash': 'flashing',
}
NUM_OPTIONS = 5

# Wordings of each type; {do}, {be}, {shapes} and {figures} agree with the
# number of figures. The types that are hard to see have two wordings. With
# two actions, the second wording asks for the first of them.
OPEN_QUESTIONS = {
    'colour': ('what colour {be} the {shapes}',),
    'shape': (
        'what shape {be} the {colour} {figures}',
        'which shape {do} the {colour} {figures} have',
    ),
    'number': ('how many {colour} figures do you see',),
    'repetition': (
        'how many times {do} the {shapes} {action}',
        'how many times do you see the {shapes} {action}',
    ),
    'action': ('what {do} the {shapes} do', 'what do you see the {shapes} do'),
    'transition': (
        'what {do} the {shapes} do after {doing}',
        'what {do} the {shapes} do before {then_doing}',
    ),
}
CHOICE_QUESTIONS = {
    'description': ('what do you see',),
    'action': ('what {do} the {shapes} do {times}',),
    'transition': OPEN_QUESTIONS['transition'],
}

# The first pattern that matches gives the type.
QUESTION_PATTERNS = {
    'colour': '^what colour',
    'shape': '^(what|which) shape',
    'repetition': '^how many times',
    'number': '^how many',
    'description': '^what do you see$',
    'transition': ' (after|before) ',
    'action': '^what (do|does) ',
}


class OpenQuestion(NamedTuple):
    """Question whose answer is in the vocabulary."""

    question: str
    answer: str
    answer_type: str


class ChoiceQuestion(NamedTuple):
    """Question with five options; ``answer`` counts them from 0."""

    question: str
    options: tuple[str, ...]
    answer: int
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
    words = _words(scene)
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
    words, found = _words(scene), []
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


def _words(scene: Scene) -> dict[str, str]:
    """Return the words that fill in the wordings for a scene."""
    first, times = scene.actions[0]
    several = scene.number > 1
    return dict(
        colour=scene.colour,
        shapes=PLURALS[scene.shape] if several else scene.shape,
        figures='figures' if several else 'figure',
        do='do' if several else 'does',
        be='are' if several else 'is',
        action=first,
        doing=PARTICIPLES[first],
        then_doing=PARTICIPLES[scene.actions[-1][0]],
        times=TIMES_WORDS[times - 1],
    )


def question_type(question: str) -> str:
    """Return the type of a generated question, recognised by its wording.

    Args:
        question (str): A question.

    Returns:
        str: One of :data:`QUESTION_PATTERNS`.

    Raises:
        ValueError: If it has none of the wordings.

    Example:
        >>> question_type('how many red figures do you see')
        'number'
    """
    for name, pattern in QUESTION_PATTERNS.items():
        if re.search(pattern, question):
            return name
    raise ValueError(
        f'Expected a question of the quickstart, but got {question!r}. '
        f'The types are {list(QUESTION_PATTERNS)}.'
    )
