# Copyright (c) clipbert_mm contributors.
"""Tests of what all readers share: the batch and closing."""

import numpy as np
import pytest

from clipbert_mm.media.video_reader import FrameBatch, Indices, VideoReader


class Reader(VideoReader):
    """A reader of no video, which knows whether it is closed."""

    closed = 0

    def __len__(self) -> int:
        return 0

    def get_avg_fps(self) -> float:
        return float('nan')

    def get_frame_timestamp(self, indices: Indices) -> np.ndarray:
        return np.zeros((len(indices), 2))

    def get_key_indices(self) -> np.ndarray:
        return np.zeros(0, np.int64)

    def get_batch(self, indices: Indices) -> FrameBatch:
        return FrameBatch(np.zeros((len(indices), 1, 1, 3), np.uint8))

    def close(self) -> None:
        self.closed += 1


def test_frame_batch__is_not_copied() -> None:
    frames = np.zeros((2, 4, 6, 3), np.uint8)
    assert FrameBatch(frames).asnumpy() is frames


def test_reader__closes_itself_and_lets_errors_pass() -> None:
    reader = Reader()
    with reader as opened:
        assert opened is reader
        assert not reader.closed
    assert reader.closed == 1
    with pytest.raises(KeyError), reader:
        raise KeyError('x')
    assert reader.closed == 2


@pytest.mark.parametrize('name', ['close', 'get_batch', '__len__'])
def test_reader__needs_every_method(name: str) -> None:
    methods = {k: v for k, v in vars(Reader).items() if k != name}
    part = type('Part', (VideoReader,), methods)
    with pytest.raises(TypeError, match=f'abstract .*{name}'):
        part()
