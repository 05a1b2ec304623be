# Copyright (c) clipbert_mm contributors.
"""Words of the questions about event videos, and their types."""

import re

from .events import Scene

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


def words_of(scene: Scene) -> dict[str, str]:
    """Return the words that fill in the wordings for a scene.

    Args:
        scene (Scene): Contents of the video.

    Returns:
        dict[str, str]: Word by name; several agree with the number of
        figures.

    Example:
        >>> words = words_of(Scene('red', 'cross', 2, (('hide', 3),)))
        >>> words['shapes'], words['doing'], words['times']
        ('crosses', 'hiding', 'three times')
    """
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
