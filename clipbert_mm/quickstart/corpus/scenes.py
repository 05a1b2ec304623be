# Copyright (c) clipbert_mm contributors.
"""Scenes of the quickstart's corpus, their frames and their captions.

A scene is a combination of five attributes (colour, shape, background, size,
place), 720 in all. It is drawn as the frames of a moving shape and described
in several wordings. Nothing here touches a file.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .drawing import COLOURS, GROUNDS, SHAPES, TEXTURES, draw_ground, inside

SIZES = {'small': 0.16, 'large': 0.27}  # radius, by the long side
PLACES = {'left': 0.23, 'middle': 0.5, 'right': 0.77}  # by the width

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


class Combination(NamedTuple):
    """Combination of the five attributes of a scene."""

    colour: str
    shape: str
    ground: str
    size: str
    place: str


# Values of each attribute, in the order of :class:`Combination`.
ATTRIBUTES: dict[str, tuple[str, ...]] = dict(
    colour=tuple(COLOURS),
    shape=SHAPES,
    ground=tuple(GROUNDS),
    size=tuple(SIZES),
    place=tuple(PLACES),
)


def all_combinations() -> list[Combination]:
    """Return every combination of the five attributes, 720 in all.

    Returns:
        list[Combination]: The combinations, in a fixed order.

    Example:
        >>> len(all_combinations())
        720
    """
    return [
        Combination(*values)
        for values in itertools.product(*ATTRIBUTES.values())
    ]


def neighbours(combination: Combination) -> list[Combination]:
    """Return the combinations that differ in exactly one attribute.

    Args:
        combination (Combination): The combination to differ from.

    Returns:
        list[Combination]: Its neighbours.

    Example:
        >>> len(neighbours(all_combinations()[0]))
        15
    """
    return [
        combination._replace(**{attribute: value})
        for attribute, values in ATTRIBUTES.items()
        for value in values
        if value != getattr(combination, attribute)
    ]


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


@dataclass(frozen=True)
class Look:
    """Properties of a scene that its caption leaves out.

    Args:
        width (int): Width of the frames, pixels.
        height (int): Height of the frames, pixels.
        texture (str): One of :data:`~.drawing.TEXTURES`.
        colour_shift (tuple[int, int, int]): Offset of the shape's RGB colour.
        scale (float): Factor of the shape's radius, near 1.
        phase (float): Start of the shape on its path, radians.
        speed (float): Speed along the path, radians per second; at 0 the
            shape stands still.
    """

    width: int
    height: int
    texture: str
    colour_shift: tuple[int, int, int]
    scale: float
    phase: float
    speed: float


def draw_look(width: int, height: int, rng: np.random.Generator) -> Look:
    """Draw the properties that a caption leaves out.

    Args:
        width (int): Width of the frames, pixels.
        height (int): Height of the frames, pixels.
        rng (np.random.Generator): Draws them.

    Returns:
        Look: The properties.
    """
    red, green, blue = (int(value) for value in rng.integers(-14, 15, 3))
    return Look(
        width=width,
        height=height,
        texture=str(rng.choice(TEXTURES)),
        colour_shift=(red, green, blue),
        scale=float(rng.uniform(0.92, 1.08)),
        phase=float(rng.uniform(0, 2 * np.pi)),
        speed=float(rng.uniform(1.0, 2.5) * rng.choice((-1, 1))),
    )


def frames(
    combination: Combination,
    look: Look,
    rng: np.random.Generator,
    times: list[float] | None = None,
) -> Iterator[np.ndarray]:
    """Draw a scene at the given times.

    Args:
        combination (Combination): Contents of the scene.
        look (Look): Its other properties.
        rng (np.random.Generator): Draws the noise of each frame.
        times (list[float] | None): Times of the frames, seconds. Defaults
            to None: one frame at 0.

    Yields:
        np.ndarray: Frame ``(H, W, 3)``, uint8, RGB.
    """
    rows, columns = np.mgrid[0 : look.height, 0 : look.width]
    ground = draw_ground(combination.ground, look.texture, rows, columns)
    colour = np.add(COLOURS[combination.colour], look.colour_shift)
    long_side = max(look.width, look.height)
    radius = SIZES[combination.size] * look.scale * long_side
    swing = max(0.0, min(0.22 * long_side, 0.5 * look.height - radius))
    for time in times or [0.0]:
        angle = look.phase + look.speed * time
        x = PLACES[combination.place] * look.width
        x += 0.04 * long_side * np.cos(angle)
        y = 0.5 * look.height + swing * np.sin(angle)
        image = ground + rng.integers(-8, 9, ground.shape, np.int16)
        covered = inside(combination.shape, columns - x, rows - y, radius)
        image[covered] = colour
        yield image.clip(0, 255).astype(np.uint8)
