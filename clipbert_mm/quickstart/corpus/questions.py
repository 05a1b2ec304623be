# Copyright (c) clipbert_mm contributors.
"""Questions about the quickstart's event videos, and their answers.

All follow from a :class:`quickstart_events.Scene`. Questions with an open
answer are of six types, choices among five options of three. Nothing here
touches a file.
"""

import re
from typing import NamedTuple

import numpy as np

from .drawing import SHAPES
from .events import ACTIONS, FIGURE_COLOURS, NUMBERS, Scene

NUMBER_WORDS = ('one', 'two', 'three', 'four', 'five')
NUM_OPTIONS = 5

# What is hard to see is asked in two wordings. With two actions, the second
# wording asks for the first of them.
OPEN_QUESTIONS = {
    'colour': ('what colour has each {shape}',),
    'shape': (
        'what shape has each {colour} figure',
        'which shape has each {colour} figure',
    ),
    'number': ('how many {colour} figures do you see',),
    'repetition': (
        'how often do you see that each {shape} {action}',
        'how often is it that each {shape} {action}',
    ),
    'action': ('what does each {shape} do', 'what is each {shape} doing'),
    'transition': (
        'what does each {shape} do after it {action}',
        'what does each {shape} do before it {then}',
    ),
}
CHOICE_QUESTIONS = {
    'description': 'which is true',
    'action': 'what does each {shape} do {times} times',
    'transition': OPEN_QUESTIONS['transition'],
}

QUESTION_PATTERNS = {
    'colour': '^what colour',
    'shape': '^(what|which) shape',
    'number': '^how many',
    'repetition': '^how often',
    'description': '^which is true',
    'transition': '(after|before) it',
    'action': '^what (does|is) each',
}


class OpenQuestion(NamedTuple):
    """A question whose answer is one of the vocabulary."""

    question: str
    answer: str
    answer_type: str


class ChoiceQuestion(NamedTuple):
    """A question with five options; ``answer`` counts them from 0."""

    question: str
    options: tuple[str, ...]
    answer: int
    answer_type: str


def all_answers() -> list[str]:
    """Everything that can be the answer of an open question."""
    return [*FIGURE_COLOURS, *SHAPES, *NUMBER_WORDS, *ACTIONS]


def open_questions(
    scene: Scene, wording: int | None = None
) -> list[OpenQuestion]:
    """The open questions of a video.

    Of every video its colour, shape and number are asked. One with a single
    action is asked what it is and how often it is done, one with two what
    follows the first and what comes before the second.

    Args:
        scene (Scene): What the video shows.
        wording (int, optional): Which wording of each type, modulo their
            number. Defaults to None: all.

    Example:
        >>> scene = Scene('red', 'ring', 1, (('jumps', 2),))
        >>> open_questions(scene, 0)[-1]
        OpenQuestion(question='what does each ring do', answer='jumps', \
answer_type='action')
    """
    words = _words(scene)
    answers = dict(
        colour=[scene.colour],
        shape=[scene.shape] * 2,
        number=[NUMBER_WORDS[scene.number - 1]],
    )
    if len(scene.actions) == 1:
        answers.update(
            repetition=[words['times']] * 2, action=[words['action']] * 2
        )
    else:
        answers.update(transition=[words['then'], words['action']])
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
    """The questions of a video that give options.

    Which of five descriptions is true; of a single action what it is; of two
    what follows the first and what comes before the second, where the action
    that the question names is among the options.

    Args:
        scene (Scene): What the video shows.
        rng (np.random.Generator): Draws the options and their order.
    """
    words = _words(scene)
    asked = [
        (
            'description',
            CHOICE_QUESTIONS['description'],
            *descriptions(scene, rng),
        )
    ]
    first, then = words['action'], words['then']
    if len(scene.actions) == 1:
        asked.append(
            (
                'action',
                CHOICE_QUESTIONS['action'],
                first,
                other_actions(first, None, rng),
            )
        )
    else:
        after, before = CHOICE_QUESTIONS['transition']
        asked += [
            ('transition', after, then, other_actions(then, first, rng)),
            ('transition', before, first, other_actions(first, then, rng)),
        ]
    found = []
    for answer_type, wording, right, wrong in asked:
        options = [str(option) for option in rng.permutation([right, *wrong])]
        found.append(
            ChoiceQuestion(
                wording.format(**words),
                tuple(options),
                options.index(right),
                answer_type,
            )
        )
    return found


def descriptions(
    scene: Scene, rng: np.random.Generator
) -> tuple[str, list[str]]:
    """A true description and four that are wrong in one word or two.

    The options do not tell which of them is true: four are the combinations
    of two values of two attributes, and the fifth changes a third attribute
    of any of these.

    Args:
        scene (Scene): What the video shows.
        rng (np.random.Generator): Draws the wrong words and, of two actions,
            the one that is told.
    """
    shown = [action for action, _ in scene.actions]
    told = (
        NUMBER_WORDS[scene.number - 1],
        scene.colour,
        scene.shape,
        str(rng.choice(shown)),
    )
    values = (NUMBER_WORDS[: len(NUMBERS)], FIGURE_COLOURS, SHAPES, ACTIONS)
    first, second, third = rng.permutation(4)[:3]
    wrong = [
        str(rng.choice([v for v in words if v not in (*told, *shown)]))
        for words in values
    ]
    options = [told]
    for place in (first, second):
        options += [_with(option, place, wrong[place]) for option in options]
    any_option = options[rng.integers(len(options))]
    options.append(_with(any_option, third, wrong[third]))
    right, *others = (' '.join(option) for option in options)
    return right, others


def _with(words: tuple[str, ...], place: int, word: str) -> tuple[str, ...]:
    """Replace one word."""
    return (*words[:place], word, *words[place + 1 :])


def other_actions(
    right: str, named: str | None, rng: np.random.Generator
) -> list[str]:
    """Four wrong actions, one of them the one that the question names.

    Args:
        right (str): The right action.
        named (str, optional): The action in the question, if any.
        rng (np.random.Generator): Draws.
    """
    others = [a for a in ACTIONS if a not in (right, named)]
    fixed = [] if named is None else [named]
    drawn = rng.permutation(others)[: NUM_OPTIONS - 1 - len(fixed)]
    return fixed + [str(action) for action in drawn]


def _words(scene: Scene) -> dict[str, str]:
    """What the wordings of a scene's questions name."""
    return dict(
        colour=scene.colour,
        shape=scene.shape,
        action=scene.actions[0][0],
        then=scene.actions[-1][0],
        times=NUMBER_WORDS[scene.actions[0][1] - 1],
    )


def question_type(question: str) -> str:
    """The type of any of these questions, from its wording.

    Args:
        question (str): A question.

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
        f'expected a question of the quickstart, but got {question!r}; '
        f'the types are {list(QUESTION_PATTERNS)}.'
    )
