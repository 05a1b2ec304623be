# Copyright (c) clipbert_mm contributors.
"""Tests of files that are refused before a decoder sees them."""

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from clipbert_mm.media.compression.reencode import reencode
from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.media.containers import open_container
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import (
    available_decoders,
    open_video,
    read_image,
)
from clipbert_mm.media.reading import LocalFile
from clipbert_mm.media.sniffing import check_video, sniff
from tests.toolbox.http_servers import serve_nothing
from tests.toolbox.media import write_video
from tests.toolbox.numbered_video import number_of, write_numbered

DECODERS = [
    name for name, reason in available_decoders().items() if not reason
]
HLS = (
    '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.4,\n'
    'http://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n'
)
SDP = 'v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5 RTP/AVP 96'
DASH = (
    '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
    'profiles="urn:mpeg:dash:profile:isoff-live:2011"></MPD>'
)
TEXTS = {
    'an HLS playlist, not a video; download': HLS.format(port=9),
    'an SDP session description': SDP,
    'a DASH playlist': DASH,
    'a list of files for FFmpeg': "ffconcat version 1.0\nfile 'a.mp4'",
    'a web page, not a video; the download has failed': (
        '<!DOCTYPE html><html><body>403 Forbidden</body></html>'
    ),
    'a Git LFS pointer, not a video; run `git lfs pull`': (
        'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 123'
    ),
    'an XML file': '<?xml version="1.0"?><Error><Code>AccessDenied</Code>',
    r"a text file \('Not Found'\)": 'Not Found',
}


@pytest.mark.parametrize('message', TEXTS)
@pytest.mark.parametrize('decoder', DECODERS)
def test_open_video__texts(tmp_path: Path, decoder: str, message: str) -> None:
    path = tmp_path / 'a.mp4'
    path.write_text(TEXTS[message])
    with pytest.raises(MediaError, match=f"a.mp4': it is {message}"):
        open_video(path, decoder=decoder)
    with pytest.raises(MediaError, match='not an image'):
        read_image(path)
    with pytest.raises(MediaError, match=f"a.mp4': it is {message}"):
        reencode(path, tmp_path / 'b.mp4', Settings())
    path.write_text('\ufeff' + TEXTS[message], 'utf-8')
    with pytest.raises(MediaError, match=f"a.mp4': it is {message}"):
        open_video(path, decoder=decoder)


@pytest.mark.parametrize('decoder', DECODERS)
def test_open_video__opens_no_address(tmp_path: Path, decoder: str) -> None:
    with serve_nothing() as (address, asked):
        text = HLS.format(port=address.rpartition(':')[2])
        path = tmp_path / 'a.mp4'
        for content in (text, '\n' + text, text.replace('\n', '\r\n')):
            path.write_text(content)
            for call in (
                lambda: open_video(path, decoder=decoder),
                lambda: read_image(path),
                lambda: reencode(path, tmp_path / 'b.mp4', Settings()),
                lambda: open_video(f'{address}/a.mp4', decoder=decoder),
            ):
                with pytest.raises(MediaError):
                    call()
    assert asked == []


def test_open_container__playlists_by_ffmpeg_itself(tmp_path: Path) -> None:
    """FFmpeg refuses them even if sniffing is passed by."""
    for content in (
        HLS.format(port=9),
        SDP,
        DASH,
        TEXTS['a list of files for FFmpeg'],
    ):
        path = tmp_path / 'a.mp4'
        path.write_text(content)
        with pytest.raises(av.error.FFmpegError), LocalFile(str(path)) as file:
            open_container(file)  # type: ignore[arg-type]


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


UNUSUAL: dict[str, Callable[[Path], Any]] = {
    'it is a folder, not a file': Path.mkdir,
    'it is a named pipe, not a file': make_fifo,
    'it is a socket, not a file': make_socket,
    'it is a device, not a file': lambda path: path.symlink_to('/dev/zero'),
    'the file is empty': Path.touch,
}


@pytest.mark.parametrize('message', UNUSUAL)
def test_open_video__only_regular_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    UNUSUAL[message](Path('a.mp4'))
    for call in (open_video, read_image):
        with pytest.raises(MediaError, match=f"'a.mp4': {message}"):
            call('a.mp4')


@pytest.mark.parametrize(
    'suffix, message',
    [
        ('.jpg', 'it is a JPEG image, not a video; read images with Load'),
        ('.png', 'it is a PNG image'),
        ('.webp', 'it is a WebP image'),
        ('.bmp', 'it is a BMP image'),
    ],
)
def test_open_video__still_images(
    tmp_path: Path, suffix: str, message: str
) -> None:
    path = tmp_path / ('a' + suffix)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    with pytest.raises(MediaError, match=message):
        open_video(path)
    assert read_image(path).shape == (8, 8, 3)


def test_read_image__video(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'a.mp4').rename(tmp_path / 'a.jpg')
    with pytest.raises(
        MediaError,
        match='it is an MP4 or QuickTime file, not an image; read videos',
    ):
        read_image(path)


FORMS = {
    'a.mp4': 'libx264',
    'a.mov': 'libx264',
    'a.3gp': 'libx264',
    'a.mkv': 'libx264',
    'a.webm': 'libvpx-vp9',
    'a.avi': 'mpeg4',
    'a.flv': 'libx264',
    'a.ts': 'libx264',
    'a.m2ts': 'libx264',
    'a.mpg': 'mpeg2video',
    'a.wmv': 'wmv2',
    'a.ogv': 'libvpx',
    'a.h264': 'libx264',
    'a.nut': 'libx264',
    'a.mxf': 'mpeg2video',
    'a.ivf': 'libvpx',
}


@pytest.mark.parametrize('name', FORMS)
def test_open_video__containers_under_any_name(
    tmp_path: Path, name: str
) -> None:
    path = write_numbered(tmp_path / name, 60, FORMS[name], gop=12)
    content = path.read_bytes()
    for other in ('concat:x.mp4', 'x', 'x.', 'x%03d.jpg', 'x.m3u8'):
        path = path.rename(tmp_path / other)
        with open_video(path, decoder='pyav') as reader:
            frames = reader.get_batch([40, 7, 41]).asnumpy()
            assert [number_of(frame) for frame in frames] == [40, 7, 41]
    # A text elsewhere in a file is no matter.
    assert check_video(content[:4096], name).role == 'video'


@pytest.mark.parametrize('start', [60, 188, 1000])
def test_sniff__transport_stream_from_its_middle(
    tmp_path: Path, start: int
) -> None:
    path = write_numbered(tmp_path / 'a.ts', 30, gop=12)
    content = path.read_bytes()[start : start + 4096]
    assert sniff(content).name == 'an MPEG transport stream'


@pytest.mark.parametrize(
    'head, message',
    [
        (bytes(5000), 'it is all zeros at its start, not a video; copy or'),
        (
            b'\x01\x02\x80\x99' * 9,
            'it is of an unknown format, not a video; '
            'it begins with the bytes 01 02 80 99 01 02 80 99',
        ),
        (b'ID3\x04' + bytes(90), r'it is a sound file \(MP3\)'),
        (b'PK\x03\x04' + bytes(90), 'it is a ZIP archive'),
        ('#EXTM3U\n'.encode('utf-16'), 'it is an HLS playlist'),
    ],
)
def test_check_video__other_files(head: bytes, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        check_video(head, 'a.mp4')


def test_local_file__closes_its_descriptor(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'a.mp4')
    before = len(os.listdir('/proc/self/fd'))
    for _ in range(5):
        open_video(path, decoder='pyav')  # not closed, but deleted
        (tmp_path / 'b.mp4').write_text('text')
        with pytest.raises(MediaError, match=re.escape('b.mp4')):
            open_video(tmp_path / 'b.mp4', decoder='pyav')
    assert len(os.listdir('/proc/self/fd')) <= before + 1


def test_open_video__animated_webp(tmp_path: Path) -> None:
    frames = [
        Image.fromarray(np.full((16, 24, 3), 40 * i, np.uint8))
        for i in range(5)
    ]
    path = tmp_path / 'a.webp'
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=[100, 200, 100, 100, 100],
        lossless=True,
    )
    with open_video(path) as reader:
        assert len(reader) == 5
        times = reader.get_frame_timestamp([1, 4])
        np.testing.assert_allclose(times, [[0.1, 0.3], [0.5, 0.6]])
        got = reader.get_batch([3, 1]).asnumpy()
    assert [int(frame.mean()) for frame in got] == [120, 40]


def test_open_video__motion_jpeg_by_its_name(tmp_path: Path) -> None:
    path = write_motion_jpeg(tmp_path / 'a.mjpeg', 30)
    with open_video(path) as reader:
        assert len(reader) == 30
        shown = [number_of(f) for f in reader.get_batch([0, 17, 3]).asnumpy()]
    assert shown == [0, 17, 3]
    path = path.rename(tmp_path / 'a.mp4')
    with pytest.raises(MediaError, match='it is a JPEG image, not a video'):
        open_video(path)


def write_motion_jpeg(path: Path, number: int) -> Path:
    """Write JPEGs that show their number, one after the other."""
    source = write_numbered(path.with_suffix('.mkv'), number)
    with av.open(str(source)) as container, path.open('wb') as file:
        for frame in container.decode(video=0):
            frame.to_image().save(file, 'JPEG')
    return path
