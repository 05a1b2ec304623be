# Copyright (c) clipbert_mm contributors.
"""Videos of any length whose frames show their index."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BITS, BLOCK = 10, 16


def write_numbered(
    path: Path,
    num_frames: int,
    codec: str = 'libx264',
    gop: int = 250,
    milliseconds: Sequence[int] | None = None,
    **options: str,
) -> Path:
    """Write a video whose frame i shows the bits of i in black and white.

    Args:
        path (Path): Path of the file.
        num_frames (int): Number of frames, below 1024.
        codec (str): Encoder. Defaults to ``'libx264'``.
        gop (int): Maximum number of frames from one key frame to the next.
            Defaults to 250.
        milliseconds (Sequence[int] | None): Time of each frame, for a
            variable rate. Defaults to None, 25 frames per second.
        **options (str): Options of the encoder.

    Returns:
        Path: ``path``.
    """
    rng = np.random.default_rng(0)
    ground = rng.integers(60, 200, (2 * BLOCK, 4 * BITS * BLOCK, 3), np.uint8)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = BITS * BLOCK, 3 * BLOCK
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.gop_size = gop
        if milliseconds is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for i in range(num_frames):
            bits = [255 * (i >> bit & 1) for bit in range(BITS)]
            number = np.kron(bits, np.ones((BLOCK, BLOCK))).astype(np.uint8)
            left = 3 * i % (3 * BITS * BLOCK)
            pixels = np.concatenate(
                [
                    np.repeat(number[..., None], 3, 2),
                    ground[:, left : left + BITS * BLOCK],
                ]
            )
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            if milliseconds is not None:
                frame.pts = milliseconds[i]
                frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def number_of(frame: np.ndarray) -> int:
    """Return the index that a decoded frame of any size shows."""
    height, width = frame.shape[:2]
    row = frame[height // 6, :, 1]
    middles = ((np.arange(BITS) + 0.5) * width / BITS).astype(int)
    return int(sum((row[middles] > 127) << np.arange(BITS)))
