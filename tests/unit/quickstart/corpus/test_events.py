# Copyright (c) clipbert_mm contributors.
"""Tests of event videos: figures, actions and their frames."""

import cv2
import numpy as np
import pytest

from clipbert_mm.quickstart.corpus import events


def drawn(scene: events.Scene, step: float = 1 / 60) -> tuple:
    """Its frames, and masks of its red figures."""
    rng = np.random.default_rng(0)
    look = events.draw_event_look(scene, 96, rng)
    times = np.arange(0, look.seconds, step).tolist()
    frames = np.stack(list(events.event_frames(scene, look, rng, times)))
    frames = frames.astype(int)
    return look, frames, frames[..., 0] - frames[..., 1] > 90


def red(number: int, *actions: tuple[str, int]) -> events.Scene:
    return events.Scene('red', 'square', number, actions)


def test_scenes__all_are_different() -> None:
    scenes = events.all_scenes()
    assert len(set(scenes)) == 5 * 5 * 4 * (6 * 5 + 6 * 5)
    assert {len(scene.actions) for scene in scenes} == {1, 2}


@pytest.mark.parametrize('number', [1, 2, 3, 4])
def test_frames__as_many_figures(number: int) -> None:
    _, _, masks = drawn(red(number, ('jump', 2)), 0.3)
    for mask in masks:
        found, _ = cv2.connectedComponents(mask.astype(np.uint8))
        assert found - 1 == number


@pytest.mark.parametrize('times', [1, 3, 5])
def test_frames__as_many_times(times: int) -> None:
    _, _, masks = drawn(red(2, ('hide', times)))
    hidden = ~masks.any((1, 2))
    assert (np.diff(hidden.astype(int)) == 1).sum() == times
    assert not hidden[0]
    assert not hidden[-1]


def test_frames__actions_in_turn() -> None:
    _, _, masks = drawn(red(1, ('hide', 2), ('grow', 2)))
    area = masks.sum((1, 2)) / masks[0].sum()
    assert np.flatnonzero(area == 0).max() < np.flatnonzero(area > 1.8).min()


@pytest.mark.parametrize('action', events.ACTIONS)
def test_frames__what_an_action_changes(action: str) -> None:
    look, frames, masks = drawn(red(1, (action, 1)))
    middle = int((look.starts[0] + events.ACTION_SECONDS / 2) * 60)
    rest, acting = masks[0], masks[middle]
    at_rest = [values.mean() for values in np.nonzero(rest)]
    assert look.starts[0] > 1 / 60
    if action == 'flash':
        assert not acting.any()
        assert (frames[middle][rest].mean(0) > 200).all()
        return
    area = acting.sum() / rest.sum()
    expected = dict(grow=1.45**2, shrink=0.5**2, hide=0).get(action, 1)
    assert area == pytest.approx(expected, abs=0.2)
    if action == 'hide':
        return
    down, right = (
        values.mean() - old for values, old in zip(np.nonzero(acting), at_rest)
    )
    if action == 'jump':
        down += events.JUMP * 96
    if action == 'slide':
        right -= events.SLIDE * 96 * look.direction
    assert (down, right) == pytest.approx((0, 0), abs=1.5)
