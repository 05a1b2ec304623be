# Copyright (c) clipbert_mm contributors.
"""Tests of videos in the forms in which people have them.

Frames are compared with those that FFmpeg decodes in order.
"""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from clipbert_mm.datasets import LoadVideo, SparseClipSampler
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import open_video
from tests.toolbox.media import write_sound, write_video
from tests.toolbox.numbered_video import number_of, write_numbered
from tests.toolbox.remuxing import join, remux

pytestmark = pytest.mark.slow

# Frames of uniform clips of 250 frames at 25 frames per second.
CLIPS = [0, 24, 57, 81, 113, 137, 169, 193]
ENCODED: dict[str, dict[str, Any]] = {
    'base.mp4': dict(gop=50),
    'mpeg1.mpg': dict(codec='mpeg1video', gop=12, bf='2'),
    'mpeg1.m1v': dict(codec='mpeg1video', gop=12, bf='2'),
    'flv1.swf': dict(codec='flv', gop=12),
    'mpeg2.mpg': dict(codec='mpeg2video', gop=12, bf='2'),
    'xvid.avi': dict(codec='mpeg4', gop=12, bf='2'),
    'wmv2.wmv': dict(codec='wmv2', gop=12),
    'h264.ts': dict(gop=50),
    'open.mp4': {'x264-params': 'open-gop=1:keyint=25:bframes=3'},
    'hevc.mp4': {
        'codec': 'libx265',
        'x265-params': 'open-gop=1:keyint=25:bframes=3:log-level=none',
    },
    'av1.mp4': dict(codec='libsvtav1', gop=50, preset='12'),
    'vp8.ogv': dict(codec='libvpx', gop=50, deadline='realtime'),
    'raw.h264': dict(gop=50),
    'h264.wmv': dict(gop=50),
    'h264.mxf': dict(gop=50),
}
REFUSED_WITH_TORCHCODEC = {
    'mpeg1.mpg': 'torchcodec cannot seek in MPEG-PS',
    'mpeg1.m1v': 'torchcodec cannot seek in raw MPEG video',
    'flv1.swf': 'torchcodec cannot seek in SWF',
    'mpeg2.mpg': 'torchcodec cannot seek in MPEG-PS',
    'xvid.avi': 'torchcodec takes its B-frames for their neighbours',
    'h264.avi': 'torchcodec takes its B-frames for their neighbours',
    'raw.h264': 'torchcodec cannot seek in raw H.264 video',
    'h264.wmv': 'torchcodec takes its B-frames for their neighbours',
    'h264.mxf': 'torchcodec takes its B-frames for their neighbours',
    'h264.ts': 'torchcodec cannot seek in MPEG-TS',
    'cut.mp4': 'torchcodec shows frames that its edit list hides',
}
REFUSED_WITH_DECORD = {
    'mpeg1.mpg': 'decord cannot seek in MPEG-PS',
    'mpeg1.m1v': 'decord cannot seek in raw MPEG video',
    'flv1.swf': 'decord cannot seek in SWF',
    'mpeg2.mpg': 'decord cannot seek in MPEG-PS',
    'xvid.avi': 'decord takes its B-frames for their neighbours',
    'wmv2.wmv': 'decord cannot seek in ASF',
    'h264.ts': 'decord cannot seek in MPEG-TS',
    'open.mp4': 'decord cannot seek in its open groups of pictures',
    'hevc.mp4': 'decord cannot seek in its open groups of pictures',
    'av1.mp4': 'decord does not decode .* reliably',
    'vp8.ogv': 'decord cannot seek in Ogg',
    'raw.h264': 'decord cannot seek in raw H.264 video',
    'h264.wmv': 'decord cannot seek in ASF',
    'h264.mxf': 'decord cannot seek in MXF',
    'h264.avi': 'decord takes its B-frames for their neighbours',
}


@pytest.fixture(scope='module')
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 250 numbered frames in many forms."""
    folder = tmp_path_factory.mktemp('forms')
    for name, options in ENCODED.items():
        write_numbered(folder / name, 250, **options)
    base = folder / 'base.mp4'
    remux(base, folder / 'h264.avi', bitstream_filter='h264_mp4toannexb')
    remux(base, folder / 'base.mkv')
    remux(base, folder / 'cut.mp4', start=3.32, end=7.39)
    return folder


def decoded_in_order(path: Path) -> list[int]:
    """Return the numbers that all frames show, as FFmpeg decodes them."""
    with av.open(str(path)) as container:
        stream = container.streams.best('video')
        assert stream is not None
        return [
            number_of(frame.to_ndarray(format='rgb24'))
            for frame in container.decode(stream)
            if not frame.is_corrupt
        ]


def picked(path: Path, **options: Any) -> tuple[list[int], list[int]]:
    """Return the indices of uniform clips, and the numbers they show."""
    item = LoadVideo(**options)(dict(filename=str(path)))
    item = SparseClipSampler(2, 4, target_fps=2, mode='uniform')(item)
    inds = item['frame_inds'].tolist()
    frames = item['video_reader'].get_batch(inds).asnumpy()
    return inds, [number_of(frame) for frame in frames]


@pytest.mark.parametrize('name', [*ENCODED, 'h264.avi', 'base.mkv'])
def test_forms__the_right_frames(media: Path, name: str) -> None:
    inds, shown = picked(media / name, decoder='pyav')
    assert inds == shown
    assert inds == CLIPS
    with open_video(media / name, decoder='pyav') as reader:
        assert reader.get_avg_fps() == 25
        inds = [249, 3, 120, 121, 26, 24, 25, 0, 200]
        shown = [number_of(f) for f in reader.get_batch(inds).asnumpy()]
    assert shown == inds
    assert decoded_in_order(media / name) == list(range(250))


@pytest.mark.parametrize(
    'name', ['base.mp4', 'base.mkv', 'cut.mp4', *REFUSED_WITH_DECORD]
)
def test_forms__decord_is_right_or_refuses(media: Path, name: str) -> None:
    message = REFUSED_WITH_DECORD.get(name, '')
    if name == 'cut.mp4':
        message = 'decord finds .* frames, but PyAV|decord reports other'
    if not message:
        assert picked(media / name, decoder='decord') == (CLIPS, CLIPS)
        return
    with pytest.raises(MediaError, match=f"({message}).*; set decoder='pyav'"):
        open_video(media / name, decoder='decord')


@pytest.mark.parametrize('name', [*ENCODED, 'h264.avi', 'base.mkv', 'cut.mp4'])
def test_forms__torchcodec_is_right_or_refuses(media: Path, name: str) -> None:
    message = REFUSED_WITH_TORCHCODEC.get(name)
    if message is None:
        assert picked(media / name, decoder='torchcodec') == (CLIPS, CLIPS)
        return
    with pytest.raises(MediaError, match=f"{message}.*; set decoder='pyav'"):
        open_video(media / name, decoder='torchcodec')


def test_forms__edit_list(media: Path) -> None:
    inds, shown = picked(media / 'cut.mp4', decoder='pyav')
    expected = decoded_in_order(media / 'cut.mp4')
    assert len(expected) == 102
    assert expected == list(range(83, 185))
    # The published picks: 83 107 103 127 122 146 141 165.
    assert shown == [83, 107, 103, 127, 122, 146, 141, 165]
    assert shown == [expected[i] for i in inds]


def test_forms__begins_inside_a_group(media: Path, tmp_path: Path) -> None:
    content = (media / 'h264.ts').read_bytes()
    path = tmp_path / 'a.ts'
    path.write_bytes(content[1000 : len(content) * 6 // 10])
    expected = decoded_in_order(path)
    assert expected[0] > 0
    with open_video(path, decoder='pyav') as reader:
        count = min(len(reader), len(expected))
        assert len(reader) - count <= 1  # the last is cut
        inds = [0, 1, count - 4, count // 2]
        shown = [number_of(f) for f in reader.get_batch(inds).asnumpy()]
        with pytest.raises(MediaError, match='it is damaged'):
            reader.get_batch([count - 1])
    assert shown == [expected[i] for i in inds]


def test_forms__avi_that_ends_early(media: Path, tmp_path: Path) -> None:
    path = tmp_path / 'a.avi'
    content = (media / 'xvid.avi').read_bytes()
    path.write_bytes(content[: len(content) // 2])
    for decoder in ('decord', 'pyav'):
        with pytest.raises(
            MediaError, match=r'it ends early: only \d+ of \d+ bytes'
        ):
            open_video(path, decoder=decoder)


@pytest.mark.parametrize('decoder', ['decord', 'pyav'])
def test_forms__mp4_that_ends_early(tmp_path: Path, decoder: str) -> None:
    path = write_video(tmp_path / 'a.mp4', 30, faststart=True)
    content = path.read_bytes()
    path.write_bytes(content + b'xy')  # more bytes are no matter
    assert len(open_video(path, decoder=decoder)) == 30
    path.write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(
        MediaError, match=rf'it ends early: only \d+ of {len(content)} bytes'
    ):
        open_video(path, decoder=decoder)


def test_forms__attached_pictures(media: Path, tmp_path: Path) -> None:
    cover = tmp_path / 'a.jpg'
    Image.fromarray(np.zeros((80, 120, 3), np.uint8)).save(cover)
    path = remux(media / 'base.mp4', tmp_path / 'a.mkv', cover=cover)
    assert picked(path, decoder='pyav') == (CLIPS, CLIPS)


@pytest.mark.parametrize('decoder', ['pyav', 'torchcodec'])
def test_forms__rate_and_duration_unknown(
    media: Path, tmp_path: Path, decoder: str
) -> None:
    """A live WebM states no duration; an Ogg's rate is in its stamps."""
    path = remux(
        write_numbered(tmp_path / 'a.webm', 250, codec='libvpx', gop=50),
        tmp_path / 'live.webm',
        live='1',
    )
    with av.open(str(path)) as container:
        assert container.streams.video[0].duration is None
    for file in (path, media / 'vp8.ogv'):
        with open_video(file, decoder=decoder) as reader:
            assert reader.get_avg_fps() == 25
        assert picked(file, decoder=decoder) == (CLIPS, CLIPS)


@pytest.mark.parametrize('decoder', ['pyav', 'decord', 'torchcodec'])
def test_forms__still_images_and_songs(tmp_path: Path, decoder: str) -> None:
    image = Image.fromarray(np.zeros((80, 120, 3), np.uint8))
    for name in ('a.jpg', 'a.png', 'a.webp', 'a.tif', 'a.bmp', 'a.mp4'):
        form = 'JPEG' if name == 'a.mp4' else None
        image.save(tmp_path / name, form)
        with pytest.raises(MediaError, match='image, not a video; read image'):
            open_video(tmp_path / name, decoder=decoder)
    (tmp_path / 'a.mp3').write_bytes(b'ID3\x04\0\0\0\0\0\0' + bytes(500))
    with pytest.raises(MediaError, match='it is a sound file'):
        open_video(tmp_path / 'a.mp3', decoder=decoder)
    song = write_sound(tmp_path / 'song.mp4')
    image.save(tmp_path / 'cover.jpg')
    path = remux(song, tmp_path / 'b.mp4', cover=tmp_path / 'cover.jpg')
    with pytest.raises(MediaError, match='video stream, only attached pictu'):
        open_video(path, decoder=decoder)


def test_forms__two_streams(media: Path, tmp_path: Path) -> None:
    small = write_video(tmp_path / 'small.mp4', 10, 25)
    path = join([small, media / 'base.mp4'], tmp_path / 'a.mkv')
    assert picked(path, decoder='pyav') == (CLIPS, CLIPS)


def test_forms__size_that_changes(tmp_path: Path) -> None:
    parts = [
        write_video(tmp_path / f'{i}.ts', 30, 25, size=size).read_bytes()
        for i, size in enumerate([(96, 64), (64, 96)])
    ]
    path = tmp_path / 'a.ts'
    path.write_bytes(b''.join(parts))
    with open_video(path, decoder='pyav') as reader:
        assert len(reader) == 60
        with pytest.raises(
            MediaError, match='size of its frames changes from 96x64 to 64x96'
        ):
            reader.get_batch([5, 55])


def test_forms__sound(tmp_path: Path) -> None:
    path = write_sound(tmp_path / 'a.mp4')
    with pytest.raises(MediaError, match='it has no video stream'):
        open_video(path, decoder='pyav')


def test_sampler__time_stamps_that_do_not_ascend() -> None:
    class Reader:
        def get_frame_timestamp(self, indices: np.ndarray) -> np.ndarray:
            return np.full((len(indices), 2), -1e14)

    item = dict(filename='a.mpg', video_reader=Reader(), total_frames=9)
    with pytest.raises(MediaError, match='a.mpg.: its time stamps do not as'):
        SparseClipSampler(2, 4, target_fps=2, mode='uniform')(item)
