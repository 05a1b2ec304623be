# Copyright (c) clipbert_mm contributors.
"""Tests of indexing animations, against Pillow."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from clipbert_mm.media.animation_index import read_animation_index
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.limits import VIDEO_LIMITS

DELAYS = [40, 50, 60, 100, 80, 90]


def written(path: Path) -> bytes:
    rng = np.random.default_rng(0)
    images = [
        Image.fromarray(rng.integers(0, 256, (31, 47, 3), np.uint8))
        for _ in DELAYS
    ]
    images[0].save(
        path, save_all=True, append_images=images[1:], duration=DELAYS
    )
    return path.read_bytes()


@pytest.mark.parametrize('name', ['a.gif', 'a.webp'])
def test_animation_index__is_pillows(tmp_path: Path, name: str) -> None:
    content = written(tmp_path / name)
    index = read_animation_index(io.BytesIO(content), 'a', VIDEO_LIMITS)
    with Image.open(tmp_path / name) as image:
        # Pillow knows the delay of a WebP's frame once it is decoded.
        delays = [
            frame.convert('RGB') and frame.info['duration']
            for frame in ImageSequence.Iterator(image)
        ]
    assert index.delays == delays
    assert (index.width, index.height, index.problem) == (47, 31, '')


@pytest.mark.parametrize('name', ['a.gif', 'a.webp'])
def test_animation_index__that_ends_early(tmp_path: Path, name: str) -> None:
    content = written(tmp_path / name)
    for size in range(12, len(content) - 1, 97):
        index = read_animation_index(
            io.BytesIO(content[:size]), 'a', VIDEO_LIMITS
        )
        assert index.problem == 'it ends early'
        assert index.delays == DELAYS[: len(index.delays)]
        assert len(index.delays) < 6 or size > len(content) - 97


def test_animation_index__gif_without_its_last_byte(tmp_path: Path) -> None:
    """Many have none, and lack nothing."""
    content = written(tmp_path / 'a.gif')
    for end in (content[:-1], content[:-1] + b'\0', content + b'more'):
        index = read_animation_index(io.BytesIO(end), 'a', VIDEO_LIMITS)
        assert (len(index.delays), index.problem) == (6, '')
    index = read_animation_index(
        io.BytesIO(content[:-1] + b'x'), 'a', VIDEO_LIMITS
    )
    assert index.problem == "it has a block of the unknown kind b'x'"


def test_animation_index__of_something_else() -> None:
    with pytest.raises(MediaError, match='neither a GIF nor a WebP'):
        read_animation_index(io.BytesIO(bytes(50)), 'a', VIDEO_LIMITS)
