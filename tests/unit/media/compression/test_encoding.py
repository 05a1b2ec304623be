# Copyright (c) clipbert_mm contributors.
"""Tests of the file that frames are encoded to."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clipbert_mm.media.compression.encoding import encoder_options
from clipbert_mm.media.compression.reencode import reencode
from clipbert_mm.media.compression.settings import Settings
from tests.toolbox.media import write_video


def test_encode__key_frames_one_stream_and_no_notes(tmp_path: Path) -> None:
    source = write_video(tmp_path / 'a.mkv', 31, 25)
    target = tmp_path / 'a.mp4'
    reencode(source, target, Settings(keep_larger=True, keyframe_interval=5))
    with av.open(str(target)) as container:
        assert [s.type for s in container.streams] == ['video']
        keys = [p.is_keyframe for p in container.demux(video=0) if p.size]
    gaps = np.diff([*np.flatnonzero(keys), len(keys)])
    assert keys[0]
    assert gaps.max() <= 5
    assert b'x264' not in target.read_bytes()
    assert b'Lavf' not in target.read_bytes()


def noisy_frames(width: int, height: int) -> list[av.VideoFrame]:
    """Return frames of which neither is like another."""
    rng = np.random.default_rng(3)
    ramp = np.linspace(0, 200, width, dtype=np.uint8)[None, :, None]
    frames = []
    for i in range(12):
        pixels = np.tile(ramp, (height, 1, 3))
        pixels[8:24, 3 * i : 3 * i + 16] = 200, 50, 20
        pixels += rng.integers(0, 20, pixels.shape, np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
        frame = frame.reformat(format='yuv420p')
        frame.pts, frame.time_base = i, Fraction(1, 25)
        frames.append(frame)
    return frames


def encoded(
    frames: list[av.VideoFrame], options: dict[str, str], more: str = ''
) -> bytes:
    """Return what x264 makes of frames."""
    codec = av.CodecContext.create('libx264', 'w')
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height = frames[0].width, frames[0].height
    codec.pix_fmt, codec.time_base = 'yuv420p', Fraction(1, 25)
    codec.framerate = Fraction(25)
    codec.gop_size, codec.thread_count = 12, 1
    codec.options = {**options, 'x264-params': options['x264-params'] + more}
    packets = [p for frame in [*frames, None] for p in codec.encode(frame)]
    return b''.join(bytes(packet) for packet in packets)


@pytest.mark.parametrize('varies', [False, True])
@pytest.mark.parametrize('size', [(64, 48), (176, 144), (208, 112)])
def test_encoder_options__as_without_instructions_of_the_cpu(
    size: tuple[int, int], varies: bool
) -> None:
    """x264's plain C is the reference of its code for each CPU."""
    frames = noisy_frames(*size)
    options = encoder_options(23, varies)
    plain = encoded(frames, options, ':asm=0')
    assert len(plain) > 1000
    assert encoded(frames, options) == plain


@pytest.mark.slow
def test_encoder_options__equal_bytes_each_time() -> None:
    frames = noisy_frames(64, 48)
    options = encoder_options(23, varies=False)
    assert len({encoded(frames, options) for _ in range(300)}) == 1
