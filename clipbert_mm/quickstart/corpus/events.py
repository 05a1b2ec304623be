# Copyright (c) clipbert_mm contributors.
"""Videos in which something happens: what they show and how it is drawn.

One to four equal figures rest, do something for a moment, rest, do it again
or something else. All that questions ask for follows from a :class:`Scene`.
Nothing here touches a file.
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

# Every action lasts as long, and all videos nearly so: the share of clips that
# show an action tells how often it is done.
RAMP = 0.1
ACTION_SECONDS = 0.67
PAUSE_SECONDS = (0.09, 0.12)
VIDEO_SECONDS = (4.0, 4.4)
RADIUS = 0.175  # share of the side, as all lengths below
QUARTERS = ((0.27, 0.29), (0.73, 0.29), (0.27, 0.75), (0.73, 0.75))
JITTER = 0.03
JUMP, SLIDE = 0.14, 0.12


class Scene(NamedTuple):
    """What a video shows: ``number`` equal figures, all doing the same.

    Each action comes with how many times it is done in a row; there are one
    or two different actions.
    """

    colour: str
    shape: str
    number: int
    actions: tuple[tuple[str, int], ...]


def all_events() -> list[tuple[tuple[str, int], ...]]:
    """What can happen, 60 events: as many with one action as with two.

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
    """Every colour, shape and number with every event, 6,000 in all.

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
    """What no question asks for: background, places, timing.

    Args:
        side (int): Width and height of the picture.
        ground (str): One of :data:`quickstart_scenes.GROUNDS`.
        texture (str): One of :data:`quickstart_scenes.TEXTURES`.
        colour_shift (tuple[int]): Added to the figures' RGB colour.
        places (tuple): Centres ``(x, y)`` of the figures, share of the side.
        direction (int): Of a slide, 1 to the right, -1 to the left.
        starts (tuple[float]): Seconds at which the actions begin.
        seconds (float): Length of the video.
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
    """Draw the unasked part of a video at random.

    Args:
        scene (Scene): What the video shows.
        side (int): Width and height of the picture.
        rng (np.random.Generator): Draws.
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
    """Which action goes on, and how far it is.

    Args:
        scene (Scene): What the video shows.
        look (EventLook): When it shows it.
        time (float): Seconds.

    Returns:
        tuple[str, float]: An action and its strength, 0 (rest) to 1.
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
        scene (Scene): What it shows.
        look (EventLook): How it looks.
        rng (np.random.Generator): Draws the noise of each frame.
        times (list[float]): Seconds.

    Yields:
        np.ndarray: ``(side, side, 3)``, uint8, RGB.
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
    """How much larger a figure is than at rest."""
    return {'grow': 1 + 0.45 * strength, 'shrink': 1 - 0.5 * strength}.get(
        action, 1.0
    )
