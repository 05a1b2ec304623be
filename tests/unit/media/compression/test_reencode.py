# Copyright (c) clipbert_mm contributors.
"""Tests of the pixels of re-encoded videos."""

import pickle
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from clipbert_mm.media.compression.reencode import reencode
from clipbert_mm.media.compression.settings import Settings
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.limits import MediaLimits
from tests.toolbox.media import read_all, write_gif, write_video

# Two seconds of colours that a wrong matrix or range would change.
COLOURS = ((220, 40, 30), (30, 200, 60), (40, 60, 210), (250, 250, 250))


def write_colours(
    path: Path,
    codec: str = 'libx264',
    fmt: str = 'yuv420p',
    space: int = 2,
    full_range: bool = False,
) -> Path:
    """Write four colours, by the matrix and range that the file states."""
    pixels = np.zeros((96, 128, 3), np.uint8)
    for i, colour in enumerate(COLOURS):
        pixels[i // 2 * 48 :][:48, i % 2 * 64 :][:, :64] = colour
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(
            codec, rate=10, options=dict(crf='5', qscale='2')
        )
        stream.width, stream.height, stream.pix_fmt = 128, 96, fmt
        stream.codec_context.colorspace = space
        stream.codec_context.color_range = 2 if full_range else 1
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            container.mux(
                stream.encode(
                    frame.reformat(
                        format=fmt,
                        dst_colorspace=space if space != 2 else None,
                        dst_color_range=2 if full_range else 1,
                    )
                )
            )
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    'name, options',
    [
        ('bt709.mp4', dict(space=1)),
        ('full.mp4', dict(fmt='yuvj420p', full_range=True)),
        ('full_444.mp4', dict(fmt='yuvj444p', space=1, full_range=True)),
        (
            'motion_jpeg.avi',
            dict(codec='mjpeg', fmt='yuvj420p', full_range=True),
        ),
        ('ten_bits.mkv', dict(fmt='yuv420p10le', space=1)),
    ],
)
def test_reencode__keeps_colours(
    tmp_path: Path, name: str, options: dict
) -> None:
    before = write_colours(tmp_path / name, **options)
    after = tmp_path / 'after.mp4'
    reencode(before, after, Settings())
    corners = [
        read_all(p)[0][1, 24::48, 32::64].reshape(4, 3).astype(int)
        for p in (before, after)
    ]
    assert np.abs(corners[0] - COLOURS).max() <= 8  # the source is meant so
    assert np.abs(corners[0] - corners[1]).max() <= 4


def test_reencode__turns_what_players_turn(tmp_path: Path) -> None:
    source = tmp_path / 'turned.mp4'
    with av.open(str(source), 'w') as container:
        stream = container.add_stream('libx264', rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, 'yuv420p'
        pixels = np.zeros((64, 96, 3), np.uint8)
        pixels[:32, :48] = 255  # the upper left quarter
        for _ in range(3):
            container.mux(
                stream.encode(
                    av.VideoFrame.from_ndarray(pixels, format='rgb24')
                )
            )
        container.mux(stream.encode())
    content = bytearray(source.read_bytes())
    matrix = content.index(b'tkhd') + 4 + 40  # of the header's version 0
    turn = (0, 1, 0, -1, 0, 0)  # by 90 degrees, clockwise, in 16.16 bits
    content[matrix : matrix + 24] = struct.pack(
        '>6i', *(value << 16 for value in turn)
    )
    source.write_bytes(content)
    reencode(source, tmp_path / 'upright.mp4', Settings())
    frames, _ = read_all(tmp_path / 'upright.mp4')
    assert frames.shape == (3, 96, 64, 3)
    quarters = frames[1].reshape(2, 48, 2, 32, 3).mean((1, 3, 4))
    assert np.abs(quarters - [[0, 255], [0, 0]]).max() < 10


@pytest.mark.parametrize('form', ['mp4', 'ts', 'gif'])
@pytest.mark.parametrize(
    'limit', [('pixels', 3071), ('frames', 19), ('seconds', 1)]
)
def test_reencode__source_above_a_limit(
    tmp_path: Path, form: str, limit: tuple[str, int]
) -> None:
    name, value = limit
    source, target = tmp_path / f'a.{form}', tmp_path / 'b.mp4'
    if form == 'gif':
        write_gif(source, 20, [100] * 20)
    else:
        write_video(source, 20, 10)
    below = Settings(limits=MediaLimits(**{name: value}))
    with pytest.raises(
        MediaError, match=rf'above the limit of {value}; .* --limits {name}='
    ) as raised:
        reencode(source, target, below)
    # As from a worker.
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)
    assert not target.exists()
    enough = dict(pixels=3072, frames=20, seconds=2)
    reencode(source, target, Settings(limits=MediaLimits(**enough)))
    assert target.exists()


def test_reencode__frames_that_grow_above_a_limit(tmp_path: Path) -> None:
    """What a stream decodes to counts, whatever its container says."""
    source, target = tmp_path / 'a.ts', tmp_path / 'b.mp4'
    small = write_video(tmp_path / 'small.ts', 20)
    large = write_video(tmp_path / 'large.ts', 20, size=(320, 240))
    source.write_bytes(small.read_bytes() + large.read_bytes())
    for on_damage in ('raise', 'use'):
        settings = Settings(
            on_damage=on_damage, limits=MediaLimits(pixels=4000)
        )
        with pytest.raises(
            MediaError, match=r'320x240 exceeds .* 4000; .* --limits pixels='
        ):
            reencode(source, target, settings)
    assert not target.exists()
