# Copyright (c) clipbert_mm contributors.
"""Captions of scenes, in several wordings, and attributes read from them."""

import re

import numpy as np

from .scenes import ATTRIBUTES, Combination

# Every word belongs to one value of one attribute, so that attributes can be
# read back from a caption.
SYNONYMS = {
    'purple': ('purple', 'violet'),
    'circle': ('circle', 'disc'),
    'square': ('square', 'box'),
    'gray': ('gray', 'grey'),
    'small': ('small', 'little'),
    'large': ('large', 'big'),
    'middle': ('middle', 'center'),
}
# The wording varies, the order of the attributes does not: with six orders,
# the small model of the quickstart needs three times as many steps.
TEMPLATES = (
    'a {size} {colour} {shape} {verb} at the {place} of a {ground} background',
    'one {size} {colour} {shape} {verb} on the {place} of the {ground} scene',
    'the {size} {colour} {shape} {verb} in the {place} of this {ground} view',
    'some {size} {colour} {shape} {verb} by the {place} of its {ground} room',
)
VERBS = {'image': ('rests', 'appears'), 'video': ('moves', 'floats')}


def captions(
    combination: Combination, kind: str, number: int, rng: np.random.Generator
) -> list[str]:
    """Describe a scene in several different wordings.

    Args:
        combination (Combination): The scene.
        kind (str): ``'image'`` or ``'video'``: shapes move in videos only.
        number (int): Number of captions, at most one per template.
        rng (np.random.Generator): Draws templates and synonyms.

    Returns:
        list[str]: The captions.

    Raises:
        ValueError: If ``number`` is larger than the number of templates.
    """
    if not 1 <= number <= len(TEMPLATES):
        raise ValueError(
            f'number must be an integer in [1, {len(TEMPLATES)}], one caption '
            f'for each template, but got {number!r}.'
        )

    written = []
    for index in rng.choice(len(TEMPLATES), number, replace=False):
        words = {
            attribute: rng.choice(SYNONYMS.get(value, (value,)))
            for attribute, value in combination._asdict().items()
        }
        written.append(
            TEMPLATES[index].format(verb=rng.choice(VERBS[kind]), **words)
        )
    return written


def read_caption(caption: str) -> Combination:
    """Read the five attributes from the words of a caption.

    Args:
        caption (str): The caption.

    Returns:
        Combination: The attributes.

    Raises:
        ValueError: If the caption does not name an attribute, or names two
            values of it.

    Example:
        >>> read_caption('a big red disc moves at the left of a teal '
        ...              'background')
        Combination(colour='red', shape='circle', ground='teal', \
size='large', place='left')
    """
    words = set(re.findall('[a-z]+', caption.lower()))
    found = []
    for attribute, values in ATTRIBUTES.items():
        named = [
            value
            for value in values
            if words.intersection(SYNONYMS.get(value, (value,)))
        ]
        if len(named) != 1:
            raise ValueError(
                f'A caption must name one {attribute}, but {caption!r} names '
                f'{named}.'
            )
        found.append(named[0])
    return Combination(*found)
