# Copyright (c) clipbert_mm contributors.
"""Videos in which something happens: their contents and their frames.

One to four equal figures rest, act for a moment, rest, and act again in the
same or another way. All answers follow from a :class:`Scene`. Nothing here
touches a file.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .drawing import COLOURS, GROUNDS, SHAPES, TEXTURES, draw_ground, inside

FIGURE_COLOURS = ('red', 'green', 'blue', 'yellow', 'purple')
NUMBERS = (1, 2, 3, 4)
TIMES = (1, 2, 3, 4, 5)
ACTIONS = ('jump', 'slide', 'grow', 'shrink', 'hide', 'flash')

# All actions last equally long, and all videos nearly so: the fraction of
# clips that show an action reveals how many times it happens.
RAMP = 0.1
ACTION_SECONDS = 0.67
PAUSE_SECONDS = (0.09, 0.12)
VIDEO_SECONDS = (4.0, 4.4)
RADIUS = 0.175  # by the side, as all lengths below
QUARTERS = ((0.27, 0.29), (0.73, 0.29), (0.27, 0.75), (0.73, 0.75))
JITTER = 0.03
JUMP, SLIDE = 0.14, 0.12


class Scene(NamedTuple):
    """Contents of a video: ``number`` equal figures that act in unison.

    There are one or two different actions, each with the number of times that
    it happens in a row.
    """

    colour: str
    shape: str
    number: int
    actions: tuple[tuple[str, int], ...]


def all_events() -> list[tuple[tuple[str, int], ...]]:
    """Return all 60 events: as many with one action as with two.

    Returns:
        list[tuple[tuple[str, int], ...]]: Actions and their numbers.

    Example:
        >>> all_events()[0], all_events()[-1]
        ((('jump', 1),), (('flash', 2), ('hide', 2)))
    """
    one = [
        ((action, times),)
        for action, times in itertools.product(ACTIONS, TIMES)
    ]
    return one + [
        ((first, 2), (then, 2))
        for first, then in itertools.permutations(ACTIONS, 2)
    ]


def all_scenes() -> list[Scene]:
    """Return every colour, shape and number with every event, 6,000 in all.

    Returns:
        list[Scene]: The scenes, in a fixed order.

    Example:
        >>> len(all_scenes())
        6000
    """
    return [
        Scene(*values)
        for values in itertools.product(
            FIGURE_COLOURS, SHAPES, NUMBERS, all_events()
        )
    ]


@dataclass(frozen=True)
class EventLook:
    """Properties of a video that no question asks for.

    Args:
        side (int): Width and height of the frames, pixels.
        ground (str): One of :data:`~.drawing.GROUNDS`.
        texture (str): One of :data:`~.drawing.TEXTURES`.
        colour_shift (tuple[int, ...]): Offset of the figures' RGB colour.
        places (tuple[tuple[float, float], ...]): Centres ``(x, y)`` of the
            figures, divided by the side.
        direction (int): Direction of a slide: 1 to the right, -1 to the left.
        starts (tuple[float, ...]): Times at which the actions begin, seconds.
        seconds (float): Length of the video, seconds.
    """

    side: int
    ground: str
    texture: str
    colour_shift: tuple[int, ...]
    places: tuple[tuple[float, float], ...]
    direction: int
    starts: tuple[float, ...]
    seconds: float


def draw_event_look(
    scene: Scene, side: int, rng: np.random.Generator
) -> EventLook:
    """Draw the properties that no question asks for.

    Args:
        scene (Scene): Contents of the video.
        side (int): Width and height of the frames, pixels.
        rng (np.random.Generator): Draws them.

    Returns:
        EventLook: The properties.
    """
    quarters = np.array(QUARTERS)[rng.permutation(4)[: scene.number]]
    places = quarters + rng.uniform(-JITTER, JITTER, quarters.shape)
    number = sum(times for _, times in scene.actions)
    steps = ACTION_SECONDS + rng.uniform(*PAUSE_SECONDS, number)
    seconds = float(rng.uniform(*VIDEO_SECONDS))
    first = rng.uniform(0, seconds - steps.sum())
    return EventLook(
        side=side,
        ground=str(rng.choice(list(GROUNDS))),
        texture=str(rng.choice(TEXTURES)),
        colour_shift=tuple(int(v) for v in rng.integers(-14, 15, 3)),
        places=tuple((float(x), float(y)) for x, y in places),
        direction=int(rng.choice((-1, 1))),
        starts=tuple(
            float(start) for start in first + np.cumsum(steps) - steps
        ),
        seconds=seconds,
    )


def acting(scene: Scene, look: EventLook, time: float) -> tuple[str, float]:
    """Return the action at a time, and its strength.

    Args:
        scene (Scene): Contents of the video.
        look (EventLook): Its other properties.
        time (float): Time, seconds.

    Returns:
        tuple[str, float]: An action and its strength in [0, 1]; 0 is rest.
    """
    in_turn = [a for a, times in scene.actions for _ in range(times)]
    for action, start in zip(in_turn, look.starts):
        since = time - start
        if 0 <= since <= ACTION_SECONDS:
            return action, min(
                1.0, since / RAMP, (ACTION_SECONDS - since) / RAMP
            )
    return in_turn[0], 0.0


def event_frames(
    scene: Scene, look: EventLook, rng: np.random.Generator, times: list[float]
) -> Iterator[np.ndarray]:
    """Draw a video at the given times.

    Args:
        scene (Scene): Contents of the video.
        look (EventLook): Its other properties.
        rng (np.random.Generator): Draws the noise of each frame.
        times (list[float]): Times of the frames, seconds.

    Yields:
        np.ndarray: Frame ``(side, side, 3)``, uint8, RGB.
    """
    rows, columns = np.mgrid[0 : look.side, 0 : look.side]
    ground = draw_ground(look.ground, look.texture, rows, columns)
    colour = np.add(COLOURS[scene.colour], look.colour_shift)
    for time in times:
        action, strength = acting(scene, look, time)
        image = ground + rng.integers(-8, 9, ground.shape, np.int16)
        shown = colour
        if action == 'flash':
            shown = colour + strength * (245 - colour)
        visible = 1 - strength * (action == 'hide')
        radius = RADIUS * look.side * size_factor(action, strength)
        for x, y in look.places:
            x += SLIDE * strength * look.direction * (action == 'slide')
            y -= JUMP * strength * (action == 'jump')
            covered = inside(
                scene.shape,
                columns - x * look.side,
                rows - y * look.side,
                radius,
            )
            image[covered] += (visible * (shown - image[covered])).astype(
                np.int16
            )
        yield image.clip(0, 255).astype(np.uint8)


def size_factor(action: str, strength: float) -> float:
    """Return the factor by which a figure is larger than at rest.

    Args:
        action (str): One of :data:`ACTIONS`.
        strength (float): Strength of the action in [0, 1].

    Returns:
        float: The factor.

    Example:
        >>> size_factor('shrink', 1.0)
        0.5
    """
    return {'grow': 1 + 0.45 * strength, 'shrink': 1 - 0.5 * strength}.get(
        action, 1.0
    )
