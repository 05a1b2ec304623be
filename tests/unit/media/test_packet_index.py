# Copyright (c) clipbert_mm contributors.
"""The index of packets against the frames that FFmpeg decodes in order."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from clipbert_mm.media.containers import video_stream
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.limits import MediaLimits
from clipbert_mm.media.opening import open_video
from clipbert_mm.media.packet_index import PacketIndex, read_packet_index
from tests.toolbox.numbered_video import number_of, write_numbered
from tests.toolbox.remuxing import remux

NUM_FRAMES = 60
STAGGERED = [int(40 * i + 15 * (i % 3)) for i in range(NUM_FRAMES)]
FORMS: dict[str, dict[str, Any]] = {
    'closed.mp4': dict(gop=10, bf='0'),
    'b_frames.mp4': dict(gop=10, bf='2'),
    # Frame 25 is shown before the key frame 26, and decoded after it.
    'open.mp4': {
        'x264-params': 'open-gop=1:keyint=26:bframes=3:b-adapt=0:scenecut=0'
    },
    'variable.mkv': dict(gop=10, milliseconds=STAGGERED),
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos in several forms; their frames show their numbers."""
    folder = tmp_path_factory.mktemp('packets')
    for name, options in FORMS.items():
        write_numbered(folder / name, NUM_FRAMES, **options)
    remux(folder / 'closed.mp4', folder / 'late.ts')
    remux(folder / 'closed.mp4', folder / 'order.avi')
    remux(folder / 'closed.mp4', folder / 'cut.mp4', start=0.5, end=1.0)
    return folder


def read(path: Path) -> PacketIndex:
    with av.open(str(path)) as container:
        return read_packet_index(container, video_stream(container))


def decoded(path: Path) -> tuple[list[int], list[int]]:
    """Return the time stamps of all frames and of the key frames."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return (
        [frame.pts for frame in frames],
        [frame.pts for frame in frames if frame.key_frame],
    )


@pytest.mark.parametrize('name', [*FORMS, 'late.ts'])
def test_index__stamps_of_every_frame(folder: Path, name: str) -> None:
    index = read(folder / name)
    stamps, keys = decoded(folder / name)
    assert len(stamps) == NUM_FRAMES
    assert index.stamps.tolist() == index.times.tolist() == stamps
    assert set(keys) <= set(index.key_stamps.tolist())
    assert not index.counted
    assert index.num_leading == 0
    assert index.reordered == (name not in ('closed.mp4', 'late.ts'))
    assert index.open_groups == (name == 'open.mp4')
    if name != 'variable.mkv':
        assert index.fps == pytest.approx(25)


@pytest.mark.parametrize('name', [*FORMS, 'late.ts', 'order.avi'])
def test_index__seconds_count_from_the_first_frame(
    folder: Path, name: str
) -> None:
    seconds = read(folder / name).timestamps(np.arange(NUM_FRAMES))
    assert seconds.dtype == np.float32
    expected = np.arange(NUM_FRAMES) / 25
    if name == 'variable.mkv':
        expected = np.array(STAGGERED) / 1000
    assert seconds[:, 0] == pytest.approx(expected, abs=2e-3)
    assert (seconds[:, 1] > seconds[:, 0]).all()
    some = read(folder / name).timestamps(np.array([7, 2, 7]))
    np.testing.assert_array_equal(some, seconds[[7, 2, 7]])


def test_index__frames_of_an_avi_are_counted(folder: Path) -> None:
    index = read(folder / 'order.avi')
    assert index.counted
    assert index.stamps.tolist() == list(range(NUM_FRAMES))
    assert index.fps == pytest.approx(25)


@pytest.mark.parametrize(
    'name, codec',
    [
        ('film.m1v', 'mpeg1video'),
        ('film.m4v', 'mpeg4'),
        ('film.h264', 'libx264'),
        ('film.hevc', 'libx265'),
    ],
)
def test_index__rate_of_a_raw_stream_is_that_of_its_header(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = tmp_path / name
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=24)
        stream.width = stream.height = 32
        stream.pix_fmt = 'yuv420p'
        for number in range(48):
            frame = av.VideoFrame(32, 32, 'yuv420p')
            for plane in frame.planes:
                # With this first frame, FFmpeg's time stamps of raw MPEG
                # video skip a frame.
                noise = [i * i * 7 % 251 for i in range(24 * (number == 0))]
                plane.update(bytes(noise).ljust(plane.buffer_size, b'\0'))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    index = read(path)
    assert index.fps == 24
    seconds = index.times * index.time_base
    np.testing.assert_allclose(seconds, np.arange(48) / 24)


def test_index__frames_that_an_edit_list_hides(folder: Path) -> None:
    index = read(folder / 'cut.mp4')
    shown, _ = decoded(folder / 'cut.mp4')
    assert index.stamps.tolist() == shown
    assert len(shown) == pytest.approx(0.5 * 25, abs=1)
    # Decoding begins at a key frame that is not shown.
    assert index.key_stamps[0] < index.stamps[0]


def test_without_first__leaves_the_others_as_they_are(folder: Path) -> None:
    index = read(folder / 'b_frames.mp4')
    others = index._replace(num_leading=4).without_first(4)
    assert others.num_leading == 0
    for name in ('stamps', 'times', 'durations'):
        np.testing.assert_array_equal(
            getattr(others, name), getattr(index, name)[4:]
        )
    np.testing.assert_array_equal(others.key_stamps, index.key_stamps)


def test_index__more_frames_than_allowed(folder: Path) -> None:
    with av.open(str(folder / 'closed.mp4')) as container:
        stream = video_stream(container)
        limits = MediaLimits(frames=NUM_FRAMES - 1)
        with pytest.raises(MediaError, match=r"'a.mp4': .*\b60\b.*\b59\b"):
            read_packet_index(container, stream, 'a.mp4', limits)
    with av.open(str(folder / 'closed.mp4')) as container:
        limits = MediaLimits(frames=NUM_FRAMES)
        stream = video_stream(container)
        index = read_packet_index(container, stream, 'a.mp4', limits)
    assert len(index.stamps) == NUM_FRAMES


@pytest.mark.parametrize(
    'name, codec, pixel_format, keys',
    [
        # Apple Video depends on frames before, and marks all of them.
        ('rpza.mov', 'rpza', 'rgb555le', [0]),
        ('prores.mov', 'prores_ks', 'yuv422p10le', list(range(12))),
        ('h264.mov', 'libx264', 'yuv420p', list(range(12))),
    ],
)
def test_index__every_packet_is_marked_as_a_key(
    tmp_path: Path, name: str, codec: str, pixel_format: str, keys: list[int]
) -> None:
    path = tmp_path / name
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = pixel_format
        stream.codec_context.gop_size = 4 if codec == 'rpza' else 1
        for i in range(12):
            pixels = np.full((48, 64, 3), 20 * i, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    index = read(path)
    assert index.stamps[keys].tolist() == index.key_stamps.tolist()
    with av.open(str(path)) as container:
        assert all(p.is_keyframe for p in container.demux(video=0) if p.size)


@pytest.mark.parametrize('name', ['a.mpg', 'a.mp4', 'a.ts', 'a.m1v'])
def test_index__of_one_frame(name: str, tmp_path: Path) -> None:
    codec = 'libx264' if name == 'a.mp4' else 'mpeg1video'
    path = write_numbered(tmp_path / name, 1, codec=codec)
    with open_video(path) as reader:
        assert reader.get_avg_fps() == 25
        np.testing.assert_allclose(
            reader.get_frame_timestamp([0]), [[0, 0.04]], atol=1e-6
        )
        assert number_of(reader.get_batch([0]).asnumpy()[0]) == 0
