# Copyright (c) clipbert_mm contributors.
"""Tests of damaged files, against what FFmpeg reports when it reads them."""

import threading
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from clipbert_mm.datasets import LoadVideo
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import open_video
from tests.toolbox.damage import DAMAGES, damage, decode_in_order
from tests.toolbox.numbered_video import number_of, write_numbered

FORMS: dict[str, dict[str, Any]] = {
    'h264.mp4': dict(gop=15),
    'h264.mkv': dict(gop=15),
    'h264.ts': dict(gop=15),
    'slices.mp4': {'gop': 15, 'x264-params': 'slices=3'},
    'intra_refresh.ts': {'x264-params': 'intra-refresh=1:keyint=15'},
    'interlaced.ts': {'gop': 15, 'x264-params': 'interlaced=1'},
    'hevc.mp4': {
        'codec': 'libx265',
        'x265-params': 'open-gop=1:keyint=15:log-level=none',
    },
    'hevc.ts': {'codec': 'libx265', 'x265-params': 'keyint=15:log-level=none'},
    'mpeg2.mpg': dict(codec='mpeg2video', gop=12, bf='2'),
    'mpeg4.avi': dict(codec='mpeg4', gop=12),
    'mpeg4.ts': dict(codec='mpeg4', gop=12, bf='2'),
    'mpeg4.mpg': dict(codec='mpeg4', gop=12, bf='2'),
    'h264.wmv': dict(gop=15),
    'h264.mxf': dict(gop=15),
    'wmv2.wmv': dict(codec='wmv2', gop=12),
    'vp9.webm': {'codec': 'libvpx-vp9', 'gop': 15, 'cpu-used': '8'},
    'av1.mkv': dict(codec='libsvtav1', gop=15, preset='12'),
    'flv.flv': dict(codec='flv', gop=12),
}


@pytest.fixture(scope='module')
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('forms')
    for name, options in FORMS.items():
        write_numbered(folder / name, 40, **options)
    return folder


def read_all(path: Path, **options: Any) -> np.ndarray:
    with open_video(path, **options) as reader:
        return reader.get_batch(range(len(reader))).asnumpy()


@pytest.mark.slow
@pytest.mark.parametrize('name', FORMS)
def test_damage__none_is_silent(
    forms: Path, tmp_path: Path, name: str
) -> None:
    """Whatever FFmpeg reports is an error if all frames are read."""
    path = tmp_path / name
    for kind in DAMAGES:
        for seed in range(3):
            damage(forms / name, path, kind, seed)
            expected = decode_in_order(path)
            try:
                frames = read_all(path)
            except MediaError:
                continue
            assert not expected.flagged, (kind, seed, expected.messages)
            assert len(frames) == len(expected.frames)
            np.testing.assert_array_equal(frames, expected.frames)


@pytest.mark.parametrize('name', FORMS)
def test_damage__intact_files_are_used(forms: Path, name: str) -> None:
    """Starting inside a file makes FFmpeg report errors, too."""
    expected = decode_in_order(forms / name)
    assert not expected.flagged
    assert [number_of(frame) for frame in expected.frames] == list(range(40))
    for inds in ([33], [8, 21, 22, 39], [38, 2, 17]):
        with open_video(forms / name) as reader:
            frames = reader.get_batch(inds).asnumpy()
        np.testing.assert_array_equal(
            frames, [expected.frames[i] for i in inds]
        )


@pytest.mark.parametrize('name', ['h264.ts', 'mpeg2.mpg', 'mpeg4.ts'])
def test_damage__joined_streams_are_intact(
    forms: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(2 * (forms / name).read_bytes())
    expected = decode_in_order(path)
    assert not expected.flagged
    shown = [number_of(frame) for frame in read_all(path)]
    assert shown == [number_of(frame) for frame in expected.frames]
    assert len(shown) == 80


def damaged_at_its_end(forms: Path, path: Path, value: int = 0) -> Path:
    """Overwrite the middle of the last key frame, number 30, by a byte.

    The place is looked up: encoders write other bytes on other processors.
    """
    source = forms / 'h264.mp4'
    with av.open(str(source)) as container:
        packets = list(container.demux(video=0))
    key = [packet for packet in packets if packet.is_keyframe][-1]
    assert key.pos is not None
    start, length = key.pos + key.size // 3, key.size // 2
    content = bytearray(source.read_bytes())
    content[start : start + length] = bytes([value]) * length
    path.write_bytes(content)
    return path


def test_damage__of_what_is_read(forms: Path, tmp_path: Path) -> None:
    path = damaged_at_its_end(forms, tmp_path / 'a.mp4')
    assert decode_in_order(path).flagged
    with open_video(path) as reader:
        assert number_of(reader.get_batch([14]).asnumpy()[0]) == 14
        with pytest.raises(
            MediaError,
            match=r"a.mp4': it is damaged: FFmpeg reports \"h264: .*\" near "
            r'frame 3\d of 40; copy or download it again, or set '
            "on_damage='use'",
        ):
            reader.get_batch([14, 39])


@pytest.mark.parametrize('threads', [1, 2])
def test_damage__frames_may_be_used(
    forms: Path, tmp_path: Path, threads: int
) -> None:
    path = damaged_at_its_end(forms, tmp_path / 'a.mp4')
    load = LoadVideo(num_threads=threads, on_damage='use')
    frames = load(dict(filename=path))['video_reader'].get_batch(range(40))
    expected = decode_in_order(path).frames[:30]
    assert len(frames.asnumpy()) == 40
    np.testing.assert_array_equal(frames.asnumpy()[:30], expected)
    load = LoadVideo(num_threads=threads)
    reader = load(dict(filename=path))['video_reader']
    with pytest.raises(MediaError, match='it is damaged'):
        reader.get_batch(range(40))


@pytest.mark.parametrize('threads', [1, 2, 3])
def test_damage__frame_that_ffmpeg_marks_without_a_word(
    forms: Path, tmp_path: Path, threads: int
) -> None:
    path = damaged_at_its_end(forms, tmp_path / 'a.mp4', 255)
    assert decode_in_order(path).flagged
    with open_video(path, num_threads=threads) as reader:
        assert number_of(reader.get_batch([14]).asnumpy()[0]) == 14
        with pytest.raises(MediaError, match='it is damaged'):
            reader.get_batch([39])


@pytest.mark.parametrize('decoder', ['pyav', 'decord', 'torchcodec'])
def test_damage__of_the_container(
    forms: Path, tmp_path: Path, decoder: str
) -> None:
    content = (forms / 'h264.mkv').read_bytes()
    path = tmp_path / 'a.mkv'
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(
        MediaError,
        match='it is damaged: FFmpeg reports "matroska,webm: File ended prem',
    ):
        open_video(path, decoder=decoder)
    with open_video(path, decoder=decoder, on_damage='use') as reader:
        assert 10 < len(reader) < 30


@pytest.mark.slow
def test_damage__readers_in_threads(forms: Path, tmp_path: Path) -> None:
    """The damage of one file is not that of another."""
    bad = damaged_at_its_end(forms, tmp_path / 'bad.mp4')
    outcomes: dict[str, set[str]] = {'bad.mp4': set(), 'h264.mp4': set()}

    def read(path: Path) -> None:
        for threads in (1, 2, 1, 2, 1, 2):
            try:
                read_all(path, num_threads=threads)
                outcomes[path.name].add('read')
            except MediaError:
                outcomes[path.name].add('refused')

    workers = [
        threading.Thread(target=read, args=(path,))
        for path in [bad, forms / 'h264.mp4'] * 3
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert outcomes == {'bad.mp4': {'refused'}, 'h264.mp4': {'read'}}


def test_damage__option_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match=r"on_damage must be one of \['raise', 'scan', 'use'\], but",
    ):
        open_video(tmp_path / 'a.mp4', on_damage='ignore')
    with pytest.raises(ValueError, match='on_damage must be one of'):
        LoadVideo(on_damage='ignore')
