# Copyright (c) clipbert_mm contributors.
"""Tests of the reader of frames in memory."""

import numpy as np
import pytest

from clipbert_mm.media.readers.array_reader import ArrayReader

FRAMES = np.arange(6, dtype=np.uint8)[:, None, None, None].repeat(3, 3)


def test_reader__frames_in_any_order() -> None:
    with ArrayReader(FRAMES, 2.0) as reader:
        assert len(reader) == 6
        assert reader.get_avg_fps() == 2.0
        assert reader.get_key_indices().tolist() == list(range(6))
        frames = reader.get_batch([5, 0, 5]).asnumpy()
        assert frames[:, 0, 0, 0].tolist() == [5, 0, 5]
        np.testing.assert_allclose(
            reader.get_frame_timestamp([0, 3]), [[0, 0.5], [1.5, 2.0]]
        )
        assert reader.get_key_indices().tolist() == [0, 1, 2, 3, 4, 5]
    assert len(reader) == 0


@pytest.mark.parametrize(
    'frames, fps, message',
    [
        (FRAMES[0], 25, r'shape \(frames, height, width, 3\), .* \(1, 1, 3\)'),
        (FRAMES[..., :1], 25, r'got \(6, 1, 1, 1\)'),
        (FRAMES[:0], 25, r'got \(0, 1, 1, 3\)'),
        (FRAMES / 255, 25, 'must be uint8 .* got float64'),
        (FRAMES, 0, 'finite number > 0, but got 0'),
        (FRAMES, float('nan'), 'got nan'),
        (FRAMES, None, 'finite number > 0, but got None'),
        (FRAMES, '25', "finite number > 0, but got '25'"),
        (FRAMES, True, 'finite number > 0, but got True'),
    ],
)
def test_reader__wrong_arguments(
    frames: np.ndarray, fps: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ArrayReader(frames, fps)
