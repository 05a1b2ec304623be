# Copyright (c) clipbert_mm contributors.
"""Tests of cut moments."""

from pathlib import Path

from clipbert_mm.media.opening import open_video
from clipbert_mm.serving.moments import Moments
from tests.toolbox.media import write_video


def test_moments__are_cut_once_and_the_oldest_goes(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', num_frames=20)
    moments = Moments(2)
    with moments.cut(video, 0, 0.0, 0.5) as first:
        content = first.read()
    name = Path(first.name)
    video.unlink()
    with moments.cut(video, 0, 0.0, 0.5) as again:
        assert again.read() == content
    with open_video(name) as reader:
        assert len(reader) > 0
    write_video(tmp_path / 'a.mp4', num_frames=20)
    moments.cut(video, 0, 0.5, 1.0).close()
    moments.cut(video, 1, 0.5, 1.0).close()
    assert not name.exists()


def test_moments__gone_while_it_is_read(tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.mp4', num_frames=20)
    moments = Moments(1)
    with moments.cut(video, 0, 0.0, 0.5) as first:
        content = Path(first.name).read_bytes()
        moments.cut(video, 0, 0.5, 1.0).close()
        assert not Path(first.name).exists()
        assert first.read() == content
