# Copyright (c) clipbert_mm contributors.
"""Scenes of the quickstart's corpus, and their frames.

A scene is a combination of five attributes (colour, shape, background, size,
place), 720 in all, drawn as the frames of a moving shape. Nothing here touches
a file.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .drawing import COLOURS, GROUNDS, SHAPES, TEXTURES, draw_ground, inside

SIZES = {'small': 0.16, 'large': 0.27}  # radius, by the long side
PLACES = {'left': 0.23, 'middle': 0.5, 'right': 0.77}  # by the width


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


class Figure(NamedTuple):
    """Centre and radius of a shape, pixels; its box ends at the radius."""

    x: float
    y: float
    radius: float


def place_figure(combination: Combination, look: Look, time: float) -> Figure:
    """Return where the shape of a scene is.

    Args:
        combination (Combination): Contents of the scene.
        look (Look): Its other properties.
        time (float): Time, seconds.

    Returns:
        Figure: Place and size of the shape.

    Example:
        >>> look = Look(200, 100, 'plain', (0, 0, 0), 1.0, 0.0, 1.0)
        >>> place_figure(all_combinations()[0], look, 0.0)
        Figure(x=54.0, y=50.0, radius=32.0)
    """
    long_side = max(look.width, look.height)
    radius = SIZES[combination.size] * look.scale * long_side
    swing = max(0.0, min(0.22 * long_side, 0.5 * look.height - radius))
    angle = look.phase + look.speed * time
    x = PLACES[combination.place] * look.width
    x += 0.04 * long_side * np.cos(angle)
    y = 0.5 * look.height + swing * np.sin(angle)
    return Figure(float(x), float(y), radius)


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
    for time in times or [0.0]:
        x, y, radius = place_figure(combination, look, time)
        image = ground + rng.integers(-8, 9, ground.shape, np.int16)
        covered = inside(combination.shape, columns - x, rows - y, radius)
        image[covered] = colour
        yield image.clip(0, 255).astype(np.uint8)
