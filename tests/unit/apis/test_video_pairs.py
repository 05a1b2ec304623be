# Copyright (c) clipbert_mm contributors.
"""Tests of pairs of a video and a text."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipbert_mm.apis import VideoFrames
from clipbert_mm.apis.video_pairs import divide_pairs, video_key

FRAMES = VideoFrames(np.zeros((1, 8, 8, 3), np.uint8), 1.0)


def test_divide_pairs__keeps_videos_and_order() -> None:
    pairs = ([video, 'a dog'] for video in (FRAMES, Path('a.mp4'), 'a.mp4'))
    videos, texts = divide_pairs(pairs)
    assert videos == [FRAMES, Path('a.mp4'), 'a.mp4']
    assert texts == ['a dog'] * 3


@pytest.mark.parametrize('pairs', [None, 3, 'ab', b'ab', {'a.mp4': 'a dog'}])
def test_divide_pairs__wrong_types(pairs: Any) -> None:
    with pytest.raises(TypeError, match='pairs must be a list of pairs'):
        divide_pairs(pairs)


@pytest.mark.parametrize(
    'pairs, message',
    [
        ([], 'at least one pair, but is empty'),
        ([('a.mp4', 'a'), 'ab'], r"pairs\[1\] must be .* but got 'ab'"),
        ([('a.mp4',)], r'pairs\[0\] must be a video and a text'),
        ([('a.mp4', ' ')], r'pairs\[0\]\[1\]\[0\] must not be empty'),
    ],
)
def test_divide_pairs__wrong_values(pairs: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        divide_pairs(pairs)


def test_video_key__is_the_name_or_the_identity() -> None:
    assert video_key('a.mp4') == video_key(Path('a.mp4'))
    assert video_key('a.mp4') != video_key('b.mp4')
    other = VideoFrames(FRAMES.frames, 1.0)
    assert video_key(FRAMES) == video_key(FRAMES) != video_key(other)
