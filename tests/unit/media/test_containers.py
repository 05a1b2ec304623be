# Copyright (c) clipbert_mm contributors.
"""Tests of opening media files with PyAV.

Which stream is read, that no other file is, and that Ctrl-C ends a read.
"""

import io
import sys
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import av
import pytest

from clipbert_mm.media.containers import (
    open_container,
    open_source,
    packets_of,
    reason_of,
    video_stream,
)
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import open_video
from clipbert_mm.media.reading import open_media
from tests.toolbox.damage import damage
from tests.toolbox.media import write_sound, write_video
from tests.toolbox.numbered_video import write_numbered
from tests.toolbox.processes import run_python
from tests.toolbox.remuxing import join, remux


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('containers')
    write_video(folder / 'small.mp4', 8, size=(64, 48))
    write_video(folder / 'large.mp4', 8, size=(128, 96))
    write_sound(folder / 'sound.mp4')
    cover = av.open(str(folder / 'cover.jpg'), 'w', format='mjpeg')
    with cover:
        stream = cover.add_stream('mjpeg', rate=1)
        stream.width, stream.height = 256, 192
        stream.pix_fmt = 'yuvj420p'
        frame = av.VideoFrame(256, 192, 'yuvj420p')
        cover.mux(stream.encode(frame))
        cover.mux(stream.encode())
    remux(
        folder / 'small.mp4',
        folder / 'covered.mp4',
        cover=folder / 'cover.jpg',
    )
    return folder


def size_of(path: Path) -> tuple[int, int]:
    with open(path, 'rb') as file, open_container(file) as container:
        stream = video_stream(container)
        return stream.width, stream.height


@pytest.mark.parametrize('order', [('small', 'large'), ('large', 'small')])
def test_video_stream__the_best_as_ffmpeg_chooses(
    folder: Path, tmp_path: Path, order: tuple[str, str]
) -> None:
    sources = [folder / f'{name}.mp4' for name in order]
    path = join(sources, tmp_path / 'two.mp4')
    with av.open(str(path)) as container:
        best = container.streams.best('video')
        assert isinstance(best, av.VideoStream)
        expected = best.width, best.height
    assert size_of(path) == expected


@pytest.mark.parametrize('suffix', ['mkv', 'ts', 'wmv', 'nut'])
@pytest.mark.parametrize('order', [('small', 'large'), ('large', 'small')])
def test_video_stream__the_largest_where_no_bit_rates_are_stated(
    folder: Path, tmp_path: Path, order: tuple[str, str], suffix: str
) -> None:
    """The command ``ffmpeg`` takes it, too."""
    sources = [folder / f'{name}.mp4' for name in order]
    path = join(sources, tmp_path / f'two.{suffix}')
    assert size_of(path) == (128, 96)
    if suffix == 'mkv' and order[0] == 'small':
        with pytest.raises(MediaError, match='decord shows another of its vi'):
            open_video(path, decoder='decord')


def test_video_stream__never_a_cover(folder: Path) -> None:
    assert size_of(folder / 'covered.mp4') == (64, 48)


@pytest.mark.parametrize('threads', [0, 1, 2])
def test_video_stream__threads(folder: Path, threads: int) -> None:
    with av.open(str(folder / 'small.mp4')) as container:
        stream = video_stream(container, threads)
        assert stream.codec_context.thread_count == threads


def test_video_stream__none(folder: Path) -> None:
    with (
        av.open(str(folder / 'sound.mp4')) as container,
        pytest.raises(ValueError, match='^it has no video stream$'),
    ):
        video_stream(container)


def test_open_container__anywhere_in_the_file(folder: Path) -> None:
    file = io.BytesIO((folder / 'small.mp4').read_bytes())
    file.seek(100)
    with open_container(file) as container:
        assert sum(1 for _ in container.decode(video=0)) == 8


@pytest.mark.parametrize(
    'text',
    [
        "ffconcat version 1.0\nfile '{path}'\n",
        '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{path}\n'
        '#EXT-X-ENDLIST\n',
        'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n'
        'm=video 9 RTP/AVP 96\n',
    ],
)
def test_open_container__no_playlist_opens_another_file(
    folder: Path, text: str
) -> None:
    content = text.format(path=folder / 'small.mp4').encode()
    with pytest.raises(av.error.FFmpegError):
        open_container(io.BytesIO(content))


def test_open_source__checks_before_ffmpeg_sees_it(
    folder: Path, tmp_path: Path
) -> None:
    with open_source(folder / 'small.mp4') as container:
        assert len(container.streams.video) == 1
    for name, content, message in (
        ('text.mp4', b'<!DOCTYPE html><html></html>', 'web page'),
        ('empty.mp4', b'', 'empty'),
        (
            'cut.mp4',
            (folder / 'small.mp4').read_bytes()[:-100],
            'it ends early',
        ),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with (
            pytest.raises(MediaError, match=f"{name}'.*{message}"),
            open_source(path),
        ):
            pass


def test_reason_of__without_number_and_name(tmp_path: Path) -> None:
    with pytest.raises(av.error.FFmpegError) as raised:
        av.open(str(tmp_path / 'a.mp4'))
    assert reason_of(raised.value) == 'No such file or directory'
    assert reason_of(ValueError('it is short')) == 'it is short'


def test_packets_of__streams_that_appear_later(tmp_path: Path) -> None:
    """PyAV fails at their end, as a rule, with an error of its own."""
    source = write_numbered(tmp_path / 'a.flv', 250, codec='flv', gop=50)
    for kind, seed in (('flip', 16), ('junk', 0), ('junk', 15), ('junk', 25)):
        path = damage(source, tmp_path / 'b.flv', kind, seed)
        with open_container(io.BytesIO(path.read_bytes())) as container:
            stream = video_stream(container)
            packets = list(packets_of(container, stream))
            assert len(container.streams) == 1
        assert 100 < len(packets) <= 251
        assert not packets[-1].size


@pytest.mark.parametrize('in_memory', [False, True])
def test_open_container__ffmpeg_calls_no_python_code(
    folder: Path, in_memory: bool
) -> None:
    # A KeyboardInterrupt raised there would be lost.
    path = folder / 'small.mp4'
    file: BinaryIO = io.BytesIO(path.read_bytes())
    if not in_memory:
        file = open_media(str(path))
    called = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == 'call':
            called.append(frame.f_code.co_name)

    with file:
        sys.setprofile(note)
        try:
            with open_container(file) as container:
                frames = list(container.decode(video=0))
        finally:
            sys.setprofile(None)
    assert len(frames) == 8
    # The place to start from is set by open_container.
    assert 'read' not in called
    assert called.count('seek') == (0 if in_memory else 1)


@pytest.mark.parametrize('buffered', [False, True])
def test_open_container__sent_to_where_no_file_reaches(
    tmp_path: Path, buffered: bool
) -> None:
    path = write_numbered(tmp_path / 'far.wmv', 50, 'wmv2')
    content = bytearray(path.read_bytes())
    content[52] = 255  # an object of the header has 64 PiB
    path.write_bytes(content)
    file = path.open('rb') if buffered else open_media(str(path))
    with file, open_container(file) as container:
        assert sum(1 for _ in container.decode(video=0)) == 50


# In a process of its own, because interrupts leave settings of FFmpeg behind.
INTERRUPTED = """
import random, signal, sys, time
from clipbert_mm.media.opening import open_video

signals = []
def interrupt(number, frame):
    signals.append(number)
    raise KeyboardInterrupt

def read():
    with open_video(sys.argv[1]) as reader:
        reader.get_batch([0, 4])

def timed():
    start = time.perf_counter()
    read()
    return time.perf_counter() - start

seconds = min(timed() for _ in range(5))
rng = random.Random(0)
caught = 0
signal.signal(signal.SIGALRM, interrupt)
while len(signals) < 100:
    try:
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-5, seconds))
        read()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        caught += 1
print(caught)
"""


@pytest.mark.slow
def test_open_video__interrupted_is_not_damaged(folder: Path) -> None:
    path = str(folder / 'small.mp4')
    result = run_python('-W', 'ignore', '-c', INTERRUPTED, path)
    assert result.returncode == 0, result.stderr
    # PyAV itself loses a few while it builds the traceback of an error.
    assert int(result.stdout) > 90
