# Copyright (c) clipbert_mm contributors.
"""Tests of cut moments."""

from pathlib import Path

from clipbert_mm.media.opening import open_video
from clipbert_mm.serving.moments import Moments
from tests.toolbox.media import write_video


def test_moments__are_cut_once_and_the_oldest_goes(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', num_frames=20)
    moments = Moments(2)
    first = moments.cut(video, 0, 0.0, 0.5)
    content = first.read_bytes()
    video.unlink()
    assert moments.cut(video, 0, 0.0, 0.5).read_bytes() == content
    with open_video(first) as reader:
        assert len(reader) > 0
    write_video(tmp_path / 'a.mp4', num_frames=20)
    moments.cut(video, 0, 0.5, 1.0)
    moments.cut(video, 1, 0.5, 1.0)
    assert not first.exists()
