# Copyright (c) clipbert_mm contributors.
"""Tests of the limits of media files, and of the memory that reading takes."""

import os
import pickle
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.datasets import LoadImageClip, LoadVideo
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.limits import (
    VIDEO_LIMITS,
    LimitError,
    MediaLimits,
    read_limits,
)
from clipbert_mm.media.opening import open_video, read_image
from tests.toolbox.bombs import (
    memory_of,
    write_gif_header,
    write_large_frames,
    write_png_bomb,
    write_sparse_film,
)
from tests.toolbox.media import write_gif, write_lmdb, write_video
from tests.toolbox.numbered_video import number_of, write_numbered

DECODERS = ('pyav', 'decord', 'torchcodec')


@pytest.mark.slow
def test_limits__memory(tmp_path: Path) -> None:
    """Memory is that of the frames that are asked for, and of their size."""
    small = write_numbered(tmp_path / 'small.mp4', 60, gop=10)
    film = write_sparse_film(tmp_path / 'film.mp4', small, 2**32)
    assert film.stat().st_size > 2**32
    large = write_large_frames(tmp_path / 'large.mp4', 8192, 6)
    png = write_png_bomb(tmp_path / 'a.png', 11000)
    gif = write_gif_header(tmp_path / 'a.gif', 1000, frames=2000)
    assert max(f.stat().st_size for f in (large, png, gif)) < 1_000_000
    picked = 'open_video({!r}, decoder={!r}).get_batch([50, 3])'
    warm_up = [picked.format(str(small), decoder) for decoder in DECODERS]
    checked = {
        'large': f'open_video({str(large)!r}).get_batch([0])',
        'png': f'read_image({str(png)!r})',
        'gif': f'r = open_video({str(gif)!r}); r.get_batch([len(r) - 1, 9])',
        **{d: picked.format(str(film), d) for d in DECODERS},
        'shrunk': f'open_video({str(large)!r}, decode_size=224, '
        'limits=dict(pixels=10**8)).get_batch(range(6))',
    }
    found = memory_of([*warm_up, *checked.values()])[len(warm_up) :]
    grown = {name: pair[0] for name, pair in zip(checked, found)}
    outcomes = {name: pair[1] for name, pair in zip(checked, found)}
    assert 'frames have 8192x8192 pixels, above the' in outcomes.pop('large')
    assert 'frames have 11000x11000 pixels, above th' in outcomes.pop('png')
    assert set(outcomes.values()) == {'done'}
    assert grown.pop('shrunk') < 600  # six frames in RGB take 1,200
    assert max(grown.values()) < 60, grown  # the film has 4,096


@pytest.mark.parametrize('decoder', DECODERS)
def test_limits__of_a_video(tmp_path: Path, decoder: str) -> None:
    path = write_video(tmp_path / 'a.mp4', 20, fps=10)

    def message(**limits: int) -> str:
        with pytest.raises(MediaError) as raised:
            open_video(path, decoder=decoder, limits=limits)
        return str(raised.value)

    assert 'frames have 64x48 pixels, above the limit of 3000' in message(
        pixels=3000
    )
    assert 'it has 20 frames or more, above the limit of 19' in message(
        frames=19
    )
    assert 'it is 2 s long, above the limit of 1;' in message(seconds=1)
    assert f'it has {path.stat().st_size} bytes, above' in message(
        num_bytes=100
    )
    load = LoadVideo(
        decoder=decoder, limits=dict(pixels=3072, frames=20, seconds=2)
    )
    assert load(dict(filename=path))['total_frames'] == 20


def test_limits__headers_that_lie(tmp_path: Path) -> None:
    """What a stream decodes to counts, whatever its container says."""
    path = write_video(tmp_path / 'a.ts', 20, fps=10)
    large = write_video(tmp_path / 'b.ts', 20, fps=10, size=(320, 240))
    path.write_bytes(path.read_bytes() + large.read_bytes())
    with (
        open_video(path, limits=dict(pixels=4000)) as reader,
        pytest.raises(MediaError, match='exceeds specified max pixel count'),
    ):
        reader.get_batch([35])
    with pytest.raises(MediaError, match='it has 13 frames or more'):
        open_video(path, limits=dict(frames=12))
    with pytest.raises(MediaError, match='it is 2 s long'):
        open_video(large, limits=dict(seconds=1))


def test_limits__of_animations(tmp_path: Path) -> None:
    path = write_gif(tmp_path / 'a.gif', 10)
    for limits in (
        dict(pixels=3000),
        dict(frames=9),
        dict(seconds=0 + 1, frames=9),
        dict(num_bytes=100),
    ):
        with pytest.raises(MediaError, match='above the limit'):
            open_video(path, limits=limits)
    write_gif_header(path, 13000)
    with pytest.raises(MediaError, match='its frames have 13000x13000 pixels'):
        open_video(path)
    images = [Image.new('L', (64, 48), 80 * i) for i in range(3)]
    path = tmp_path / 'a.webp'
    images[0].save(path, save_all=True, append_images=images[1:])
    with pytest.raises(MediaError, match='its frames have 64x48 pixels'):
        open_video(path, limits=dict(pixels=3000))
    assert len(open_video(path)) == 3


@pytest.mark.parametrize('name', ['a.png', 'a.jpg', 'a.webp', 'a.tif'])
def test_limits__of_images(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.new('RGB', (90, 60), (200, 0, 0)).save(path)
    assert read_image(path, limits=dict(pixels=5400)).shape == (60, 90, 3)
    message = 'its frames have 90x60 pixels, above the limit of 5399'
    with pytest.raises(MediaError, match=message):
        read_image(path, limits=dict(pixels=5399))
    with pytest.raises(MediaError, match=message):
        LoadImageClip(limits=dict(pixels=5399))(dict(filename=path))
    with pytest.raises(MediaError, match='bytes, above the limit of 50'):
        read_image(path, limits=dict(num_bytes=50))


@pytest.mark.parametrize('decoder', DECODERS)
@pytest.mark.parametrize(
    'name',
    [
        'concat:a.mp4',
        'http:a.mp4',
        '-i.mp4',
        'a%03d.jpg',
        'b\na é.mp4',
        'pipe:0',
    ],
)
def test_limits__names_are_only_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoder: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_numbered(Path('a.mp4'), 20).rename(name)
    with open_video(name, decoder=decoder) as reader:
        assert number_of(reader.get_batch([7]).asnumpy()[0]) == 7


@pytest.mark.parametrize('decoder', DECODERS)
def test_limits__file_that_is_replaced(tmp_path: Path, decoder: str) -> None:
    """The file that was opened counts, not its name."""
    path = write_numbered(tmp_path / 'a.mp4', 20)
    with open_video(path, decoder=decoder) as reader:
        path.unlink()
        path.write_text('another file')
        assert number_of(reader.get_batch([7]).asnumpy()[0]) == 7


@pytest.mark.parametrize('size', [0, 3000])
def test_limits__file_that_shrinks(tmp_path: Path, size: int) -> None:
    path = write_numbered(tmp_path / 'a.mp4', 60, gop=5)
    with open_video(path) as reader:
        os.truncate(path, size)
        with pytest.raises(MediaError, match=r"a.mp4'"):
            reader.get_batch(range(60))


def link_to(path: Path) -> None:
    path.symlink_to('/dev/zero')


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    'make, message',
    [
        (os.mkfifo, 'it is a named pipe'),
        (Path.mkdir, 'it is a folder'),
        (link_to, 'it is a device'),
        (bind, 'it is a socket'),
    ],
)
def test_limits__what_is_no_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    path = Path('a.mp4')
    make(path)
    for read in (open_video, read_image):
        with pytest.raises(MediaError, match=message):
            read(path)


def test_limits__of_an_lmdb(tmp_path: Path) -> None:
    content = write_video(tmp_path / 'a.mp4').read_bytes()
    args = dict(
        backend='lmdb', db_path=str(write_lmdb(tmp_path / 'l', {'a': content}))
    )
    assert len(open_video('a', backend_args=args)) == 10
    with pytest.raises(MediaError, match='bytes, above the limit of 100'):
        open_video('a', backend_args=args, limits=dict(num_bytes=100))


def test_limit_error__copies() -> None:
    error = LimitError('a.mp4', 'it is long', 'seconds')
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert (copy.filename, copy.fact, copy.name) == error.args
    assert 'it is long; re-encode it, or set limits=dict(seconds=' in str(copy)


def test_read_limits__mistakes() -> None:
    assert read_limits(None, VIDEO_LIMITS) == VIDEO_LIMITS
    assert read_limits(MediaLimits(frames=3), VIDEO_LIMITS).frames == 3
    with pytest.raises(
        TypeError, match=r"options among \['pixels', .*but got \['pixel'\]"
    ):
        LoadVideo(limits=dict(pixel=3))
    with pytest.raises(TypeError, match='limits must be a dict, but got 3'):
        LoadImageClip(limits=3)
    with pytest.raises(ValueError, match='limits.seconds must be an integer'):
        LoadVideo(limits=dict(seconds=0))


def test_limits__8k_videos_are_below() -> None:
    for width, height in ((7680, 4320), (8192, 4320)):
        VIDEO_LIMITS.check_pixels(width, height, 'a.mp4')
    with pytest.raises(MediaError):
        VIDEO_LIMITS.check_pixels(8192, 8192, 'a.mp4')


def test_limits__arrays_are_not_shared(tmp_path: Path) -> None:
    path = write_gif(tmp_path / 'a.gif')
    with open_video(path) as reader:
        first = reader.get_batch([1]).asnumpy()
        copy = first.copy()
        reader.get_batch([2])
        np.testing.assert_array_equal(first, copy)
