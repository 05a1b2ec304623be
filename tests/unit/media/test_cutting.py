# Copyright (c) clipbert_mm contributors.
"""Tests of cutting: the frames of a cut are those of its source."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from clipbert_mm.media.cutting import cut_moment
from clipbert_mm.media.errors import MediaError
from tests.toolbox.media import index_of, write_gif, write_sound, write_video


def shown_frames(path: Path) -> list[int]:
    """Return the frames that FFmpeg shows, edit lists applied."""
    with av.open(str(path)) as container:
        frames = [
            (frame.time, index_of(frame.to_ndarray(format='rgb24')))
            for frame in container.decode(video=0)
        ]
    times = [time for time, _ in frames]
    assert times[0] == pytest.approx(0, abs=1e-3)
    assert times == sorted(times)
    return [index for _, index in frames]


def packet_bytes(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(video=0) if p.size]


@pytest.mark.parametrize(
    'start, end', [(0.0, 1.0), (1.3, 2.1), (2.0, 3.9), (0.5, 0.6), (0, 99)]
)
def test_cut_moment__copies_packets_and_shows_the_moment(
    tmp_path: Path, start: float, end: float
) -> None:
    source = write_video(tmp_path / 'a.mp4', num_frames=40, fps=10)
    target = tmp_path / 'b.mp4'
    assert cut_moment(source, target, start, end) == 'copied'
    expected = [i for i in range(40) if start - 1e-6 <= i / 10 < end - 1e-6]
    assert shown_frames(target) == expected
    assert set(packet_bytes(target)) <= set(packet_bytes(source))


def test_cut_moment__encodes_what_an_mp4_does_not_hold(tmp_path: Path) -> None:
    source = write_gif(tmp_path / 'a.gif', num_frames=20)
    target = tmp_path / 'b.mp4'
    assert cut_moment(source, target, 0.5, 1.0) == 'encoded'
    assert shown_frames(target) == [5, 6, 7, 8, 9]
    Image.fromarray(np.full((31, 33, 3), 65, np.uint8)).save(
        tmp_path / 'a.png'
    )
    assert cut_moment(tmp_path / 'a.png', tmp_path / 'c.mp4', 0, 0) == (
        'encoded'
    )
    assert shown_frames(tmp_path / 'c.mp4') == [10]


def test_cut_moment__image_with_the_name_of_a_video(tmp_path: Path) -> None:
    photo = Image.fromarray(np.full((31, 33, 3), 65, np.uint8))
    photo.save(tmp_path / 'a.mp4', 'PNG')
    cut_moment(tmp_path / 'a.mp4', tmp_path / 'b.mp4', 0, 1)
    assert shown_frames(tmp_path / 'b.mp4') == [10]


def test_cut_moment__variable_rate(tmp_path: Path) -> None:
    stamps = [0, 100, 150, 400, 450, 900, 1000, 1100, 1500, 1600]
    source = write_video(tmp_path / 'a.mp4', milliseconds=stamps)
    target = tmp_path / 'b.mp4'
    assert cut_moment(source, target, 0.4, 1.05) == 'copied'
    assert shown_frames(target) == [3, 4, 5, 6]


def test_cut_moment__never_replaces_a_file(tmp_path: Path) -> None:
    source = write_video(tmp_path / 'a.mp4')
    target = tmp_path / 'b.mp4'
    target.write_text('mine')
    with pytest.raises(FileExistsError, match=r"b\.mp4' exists. Choose"):
        cut_moment(source, target, 0, 1)
    assert target.read_text() == 'mine'
    cut_moment(source, target, 0, 1, overwrite=True)
    assert shown_frames(target) == list(range(10))


def test_cut_moment__unreadable_source_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').write_text('no video')
    with pytest.raises(MediaError, match='it is a text file'):
        cut_moment(tmp_path / 'a.mp4', tmp_path / 'b.mp4', 0, 1)
    sound = write_sound(tmp_path / 'sound.mp4')
    with pytest.raises(MediaError, match='no video'):
        cut_moment(sound, tmp_path / 'b.mp4', 0, 1)
    video = write_video(tmp_path / 'c.mp4')
    with pytest.raises(MediaError, match='it shows nothing from 7 to 8 s'):
        cut_moment(video, tmp_path / 'b.mp4', 7, 8)
    assert not (tmp_path / 'b.mp4').exists()
