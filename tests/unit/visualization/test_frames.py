# Copyright (c) clipbert_mm contributors.
"""Tests of the frames that are shown of a video."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import open_video
from clipbert_mm.visualization.frames import read_frames
from tests.toolbox.media import index_of, write_gif, write_video
from tests.toolbox.numbered_video import number_of, write_numbered


def test_read_frames__middles_of_equal_parts(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', num_frames=12)
    found = [index_of(f) for f in read_frames(str(video), 3)]
    assert found == [2, 6, 10]


def test_read_frames__short_video(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', num_frames=2)
    assert [index_of(f) for f in read_frames(str(video), 3)] == [0, 1]


def test_read_frames__gif(tmp_path: Path) -> None:
    path = write_gif(tmp_path / 'a.gif', num_frames=12)
    assert [index_of(f) for f in read_frames(path, 3)] == [2, 6, 10]


@pytest.mark.skipif(
    'libsvtav1' not in av.codecs_available, reason='PyAV has no AV1 encoder'
)
def test_read_frames__av1(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / 'a.mp4', 12, codec='libsvtav1')
    with pytest.raises(
        MediaError, match="a.mp4': decord does not decode .* set d"
    ):
        open_video(path, decoder='decord').get_batch([2])
    assert [number_of(f) for f in read_frames(path, 3)] == [2, 6, 10]


def test_read_frames__image(tmp_path: Path) -> None:
    pixels = np.full((40, 40, 3), (250, 10, 10), np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    (found,) = read_frames(tmp_path / 'a.png', 3)
    np.testing.assert_array_equal(found, pixels)
