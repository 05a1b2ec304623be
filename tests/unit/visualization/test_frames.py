# Copyright (c) clipbert_mm contributors.
"""Tests of the frames that are shown of a video."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from clipbert_mm.apis.video_inputs import VideoFrames
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import open_video
from clipbert_mm.visualization.frames import frames_of_match, read_frames
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


def test_read_frames__the_name_says_nothing(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'a.mp4', num_frames=12)
    disguised = Path(path).rename(tmp_path / '赤い輪.jpg')
    assert [index_of(f) for f in read_frames(disguised, 3)] == [2, 6, 10]


def test_frames_of_match__from_the_best_clips(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'a.mp4', num_frames=12, fps=10)
    clips = [(0.0, 0.2, 0.1), (0.5, 0.6, 0.3), (0.8, 1.1, 0.2)]
    match = dict(video=str(path), clips=clips)
    assert [index_of(f) for f in frames_of_match(match, 2)] == [5, 9]


def test_frames_of_match__decoded_frames(tmp_path: Path) -> None:
    frames = np.arange(10, dtype=np.uint8)[:, None, None, None]
    document = VideoFrames(np.tile(frames, (1, 8, 8, 3)), fps=10)
    match = dict(video='frames', clips=[(0.4, 0.5, 1.0)], document=document)
    (found,) = frames_of_match(match, 3)
    assert (found == 4).all()
    with pytest.raises(FileNotFoundError, match='return_documents=True'):
        frames_of_match(dict(video='frames'), 3)
