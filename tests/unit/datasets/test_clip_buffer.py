# Copyright (c) clipbert_mm contributors.
"""Tests of frames that share one array, and of frames that do not."""

from collections.abc import Callable

import numpy as np
import pytest

from clipbert_mm.datasets.clip_buffer import common_buffer, square_buffer


def buffer_of(number: int = 3) -> np.ndarray:
    buffer = square_buffer(number, 8, np.dtype(np.uint8))
    buffer[:] = np.arange(number)[:, None, None, None]
    return buffer


def test_square_buffer__shape_and_type() -> None:
    buffer = square_buffer(2, 5, np.dtype(np.float32))
    assert (buffer.shape, buffer.dtype) == ((2, 5, 5, 3), np.float32)
    assert buffer.flags.writeable


@pytest.mark.parametrize('height, width', [(8, 8), (5, 8), (8, 3), (2, 2)])
def test_common_buffer__top_left_views(height: int, width: int) -> None:
    buffer = buffer_of()
    frames = [image[:height, :width] for image in buffer]
    # NumPy knows the array of a view, not the view of a view.
    assert common_buffer(frames) is buffer


@pytest.mark.parametrize(
    'frames_of',
    [
        lambda buffer: [image.copy() for image in buffer],
        lambda buffer: list(buffer[::-1]),  # another order
        lambda buffer: list(buffer[:2]),  # not all
        lambda buffer: [buffer[0], buffer[1], buffer[1]],
        lambda buffer: list(buffer[:, 1:]),  # lower rows
        lambda buffer: list(buffer[:, :, 1:]),  # columns further right
        lambda buffer: list(buffer[:, ::2]),  # every other row
        lambda buffer: list(buffer[:, :, ::-1]),  # mirrored
        lambda buffer: [buffer[0], buffer[1], buffer[2].copy()],
        lambda buffer: [buffer[0], buffer[1], buffer_of()[2]],
    ],
)
def test_common_buffer__none(
    frames_of: Callable[[np.ndarray], list[np.ndarray]],
) -> None:
    assert common_buffer(frames_of(buffer_of())) is None


def test_common_buffer__that_may_not_be_written() -> None:
    buffer = buffer_of()
    buffer.flags.writeable = False
    assert common_buffer(list(buffer)) is None


def test_common_buffer__of_bytes_or_of_one_image() -> None:
    image = np.frombuffer(bytes(3 * 4), np.uint8).reshape(2, 2, 3)
    assert common_buffer([image]) is None
    assert common_buffer([np.zeros((4, 4, 3))[:2]]) is None
