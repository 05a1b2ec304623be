# Copyright (c) clipbert_mm contributors.
"""Tests that re-encoded videos show what our readers show of the sources."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.datasets import LoadVideo, SparseClipSampler
from clipbert_mm.media.compression.reencode import reencode
from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.media.errors import MediaError
from tests.toolbox.media import write_gif, write_video
from tests.toolbox.numbered_video import number_of, write_numbered
from tests.toolbox.remuxing import join, remux

pytestmark = pytest.mark.slow

SETTINGS = Settings(keep_larger=True)
NUMBERED: dict[str, dict[str, Any]] = {
    'mpeg2.mpg': dict(codec='mpeg2video', gop=12, bf='2'),
    'xvid.avi': dict(codec='mpeg4', gop=12, bf='2'),
    'wmv2.wmv': dict(codec='wmv2', gop=12),
    'h264.m2ts': dict(gop=25),
    'open.mp4': {'x264-params': 'open-gop=1:keyint=25:bframes=3'},
    'raw.h264': dict(gop=50),
    'vfr.mkv': dict(milliseconds=[i * i for i in range(100)]),
    'fast.mkv': dict(milliseconds=[round(i * 1000 / 60) for i in range(100)]),
    'one.mp4': dict(num_frames=1),
    'two.mp4': dict(num_frames=2),
}


def picked(path: Path) -> tuple[list[int], list[int]]:
    """Return the frames of uniform clips, and the numbers they show."""
    item = LoadVideo()(dict(filename=str(path)))
    item = SparseClipSampler(2, 4, target_fps=5, mode='uniform')(item)
    frames = item['video_reader'].get_batch(item['frame_inds']).asnumpy()
    return item['frame_inds'].tolist(), [number_of(f) for f in frames]


@pytest.mark.parametrize('name', [*NUMBERED, 'h264.avi', 'cut.mp4', 'in.ts'])
def test_source__the_frames_that_readers_show(
    tmp_path: Path, name: str
) -> None:
    options = dict(NUMBERED.get(name, dict(gop=25)))
    number = options.pop('num_frames', 100)
    source = tmp_path / name
    if name in NUMBERED:
        write_numbered(source, number, **options)
    else:
        base = write_numbered(tmp_path / 'base.mp4', number, **options)
        how: dict[str, Any] = dict(start=1.5, end=3.5)
        if name != 'cut.mp4':
            how = dict(bitstream_filter='h264_mp4toannexb')
        remux(base, source, **how)
    if name == 'in.ts':  # begins inside a group of pictures
        content = source.read_bytes()
        source.write_bytes(content[188 * 40 :])
    reencode(source, tmp_path / 'out' / 'a.mp4', SETTINGS)
    expected = picked(source)
    assert picked(tmp_path / 'out' / 'a.mp4') == expected
    assert len(set(expected[1])) > 1 or name in ('one.mp4', 'two.mp4')


def test_source__streams_that_are_not_the_video(tmp_path: Path) -> None:
    cover = tmp_path / 'a.jpg'
    Image.fromarray(np.zeros((80, 120, 3), np.uint8)).save(cover)
    base = write_numbered(tmp_path / 'base.mp4', 50)
    small = write_video(tmp_path / 'small.mp4', 10, 25)
    for source in (
        remux(base, tmp_path / 'cover.mkv', cover=cover),
        join([small, base], tmp_path / 'two.mkv'),
    ):
        reencode(source, tmp_path / 'out.mp4', SETTINGS)
        assert picked(tmp_path / 'out.mp4') == picked(base)


def edges_of(path: Path) -> list[float]:
    reader = LoadVideo()(dict(filename=str(path)))['video_reader']
    return reader.get_frame_timestamp(range(len(reader))).flatten().tolist()


@pytest.mark.parametrize('suffix', ['.gif', '.webp'])
def test_source__animations_with_odd_delays(
    tmp_path: Path, suffix: str
) -> None:
    delays = [10, 20, 70, 0, 1000, 30, 50, 110, 90, 400]
    source = write_gif(tmp_path / f'a{suffix}', 10, delays, size=(63, 49))
    reencode(source, tmp_path / 'a.mp4', SETTINGS)
    assert edges_of(tmp_path / 'a.mp4') == pytest.approx(edges_of(source))


def test_source__size_and_shape_that_change(tmp_path: Path) -> None:
    def joined(*sizes: tuple[int, int]) -> Path:
        parts = [
            write_video(tmp_path / f'{i}.ts', 30, 25, size=size).read_bytes()
            for i, size in enumerate(sizes)
        ]
        (tmp_path / 'a.ts').write_bytes(b''.join(parts))
        return tmp_path / 'a.ts'

    reencode(joined((96, 64), (48, 32)), tmp_path / 'a.mp4', SETTINGS)
    reader = LoadVideo()(dict(filename=str(tmp_path / 'a.mp4')))[
        'video_reader'
    ]
    assert reader.get_batch([5, 55]).asnumpy().shape == (2, 64, 96, 3)
    with pytest.raises(
        MediaError, match='shape of its frames changes from 96x64 to 64x96'
    ):
        reencode(joined((96, 64), (64, 96)), tmp_path / 'a.mp4', SETTINGS)


@pytest.mark.parametrize(
    'size', [(1, 1), (2, 2), (3, 1), (17, 4), (449, 3), (63, 49)]
)
def test_source__odd_and_tiny_sizes(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    source = write_gif(tmp_path / 'a.gif', 3, size=size)
    reencode(source, tmp_path / 'a.mp4', SETTINGS)
    reader = LoadVideo()(dict(filename=str(tmp_path / 'a.mp4')))[
        'video_reader'
    ]
    height, width = reader.get_batch([2]).asnumpy().shape[1:3]
    assert (width, height) == tuple(
        max(min(side, 448) // 2 * 2, 2) for side in size
    )


def test_source__damage_is_not_laundered(tmp_path: Path) -> None:
    whole = write_numbered(tmp_path / 'a.ts', 100, gop=25).read_bytes()
    source, target = tmp_path / 'b.ts', tmp_path / 'b.mp4'
    middle = len(whole) // 2 // 188 * 188
    source.write_bytes(whole[:middle] + whole[middle + 20 * 188 :])
    with pytest.raises(MediaError, match='it is damaged: '):
        reencode(source, target, SETTINGS)
    assert not target.exists()
    reencode(source, target, Settings(keep_larger=True, on_damage='use'))
    assert target.exists()


def test_source__a_last_frame_that_was_cut(tmp_path: Path) -> None:
    whole = write_numbered(tmp_path / 'a.ts', 100, gop=25).read_bytes()
    (tmp_path / 'b.ts').write_bytes(whole[: len(whole) * 6 // 10 // 188 * 188])
    reencode(tmp_path / 'b.ts', tmp_path / 'b.mp4', SETTINGS)
    reader = LoadVideo(on_damage='use')(dict(filename=str(tmp_path / 'b.ts')))[
        'video_reader'
    ]
    result = LoadVideo()(dict(filename=str(tmp_path / 'b.mp4')))[
        'video_reader'
    ]
    assert len(result) == len(reader)
    inds = range(len(reader) - 1)
    shown = [
        [number_of(frame) for frame in own.get_batch(inds).asnumpy()]
        for own in (reader, result)
    ]
    assert shown[0] == shown[1]
