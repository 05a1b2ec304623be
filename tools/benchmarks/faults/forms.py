# Copyright (c) clipbert_mm contributors.
"""Intact videos in every container and codec that PyAV's wheel can write."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.codec import Codec

WIDTH, HEIGHT, FPS = 176, 144, 25  # a size that H.261 and H.263 have, too
NUM_FRAMES = 36
# Without the random identifiers that some containers have.
BIT_EXACT = {'fflags': '+bitexact'}
_BITS = 8


class Form(NamedTuple):
    """Container and codec of a video.

    Args:
        suffix (str): Suffix of the file, which chooses the container.
        codec (str): Encoder of FFmpeg.
        variant (str): Word for what distinguishes forms of the same
            container and codec. Defaults to ``''``.
        encoder (Mapping[str, str]): Options of the encoder.
        muxer (Mapping[str, str]): Options of the container.
        milliseconds (tuple[int, ...]): Time of each frame, for a variable
            rate. Defaults to (), a constant rate.
    """

    suffix: str
    codec: str
    variant: str = ''
    encoder: Mapping[str, str] = {}
    muxer: Mapping[str, str] = {}
    milliseconds: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Name of the form, as ``libx264-faststart.mp4``."""
        parts = [self.codec, self.variant] if self.variant else [self.codec]
        return f'{"-".join(parts)}.{self.suffix}'


# Codecs by suffix; a codec that a container cannot hold is left out.
_CODECS = {
    'mp4': 'libx264 libx265 libsvtav1 mpeg4 libvpx-vp9 mpeg2video png',
    'mov': 'libx264 libx265 mpeg4 prores_ks png qtrle svq1 v210 rpza mjpeg '
    'h263 jpeg2000 libx264rgb',
    'mkv': 'libx264 libx265 libsvtav1 libvpx libvpx-vp9 mpeg4 mpeg2video '
    'mpeg1video ffv1 msmpeg4 snow prores_ks rawvideo mjpeg',
    'webm': 'libvpx libvpx-vp9 libsvtav1',
    'avi': 'libx264 mpeg4 msmpeg4 msmpeg4v2 huffyuv ffvhuff ffv1 rawvideo '
    'wmv1 wmv2 mpeg2video utvideo png msvideo1 h263 flv libvpx snow asv1 '
    'magicyuv mjpeg',
    'ts': 'libx264 libx265 mpeg2video mpeg4',
    'm2ts': 'libx264 mpeg2video',
    'mpg': 'mpeg1video mpeg2video',
    'vob': 'mpeg2video',
    'flv': 'flv libx264 libx265 libsvtav1 libvpx-vp9 flashsv flashsv2',
    'f4v': 'libx264',
    'wmv': 'wmv1 wmv2 msmpeg4 mpeg4 libx264',
    'asf': 'wmv2',
    'ogv': 'libvpx',
    '3gp': 'h263 libx264 mpeg4',
    '3g2': 'libx264',
    'm4v': 'mpeg4',
    'nut': 'libx264 mpeg4 ffv1',
    'ivf': 'libvpx libvpx-vp9 libsvtav1',
    'obu': 'libsvtav1',
    'h264': 'libx264',
    'hevc': 'libx265',
    'm1v': 'mpeg1video',
    'm2v': 'mpeg2video',
    'mxf': 'mpeg2video libx264 prores_ks',
    'wtv': 'mpeg2video libx264',
    'rm': 'rv10 rv20',
    'y4m': 'wrapped_avframe',
    'gif': 'gif',
    'mjpeg': 'mjpeg',
}
_ENCODERS: dict[str, dict[str, str]] = {
    'libx264': dict(preset='veryfast'),
    'libx265': {'preset': 'ultrafast', 'x265-params': 'log-level=none'},
    'libsvtav1': {'preset': '12', 'svtav1-params': 'lp=1'},
    'libvpx': {'deadline': 'realtime', 'cpu-used': '8'},
    'libvpx-vp9': {'deadline': 'realtime', 'cpu-used': '8'},
    'snow': dict(strict='experimental'),
    'mjpeg': dict(strict='unofficial'),
}
_VARIABLE = tuple(40 * i + (25 if i % 3 else 0) for i in range(NUM_FRAMES))
_VARIANTS = (
    Form('mp4', 'libx264', 'faststart', muxer=dict(movflags='faststart')),
    Form(
        'mp4',
        'libx264',
        'fragmented',
        muxer=dict(movflags='frag_keyframe+empty_moov'),
    ),
    Form(
        'mp4',
        'libx264',
        'open-groups',
        {'x264-params': 'open-gop=1:keyint=12:bframes=3'},
    ),
    Form(
        'mp4',
        'libx265',
        'open-groups',
        {
            'preset': 'veryfast',
            'x265-params': 'open-gop=1:keyint=12:bframes=3:log-level=none',
        },
    ),
    Form('mp4', 'libx264', 'variable', milliseconds=_VARIABLE),
    Form('mkv', 'libx264', 'variable', milliseconds=_VARIABLE),
    Form('mp4', 'libx264', 'no-b-frames', dict(bf='0')),
    Form('mp4', 'libx264', 'slices', dict(slices='4')),
    Form('mp4', 'libx264', 'one-group', {'x264-params': 'keyint=250'}),
    Form('avi', 'mpeg4', 'b-frames', dict(bf='2')),
    Form('mpg', 'mpeg1video', 'b-frames', dict(bf='2')),
    Form('ts', 'mpeg2video', 'b-frames', dict(bf='2')),
    Form('webm', 'libvpx-vp9', 'live', muxer=dict(live='1')),
    Form('mkv', 'libx264', 'live', muxer=dict(live='1')),
)
FORMS: tuple[Form, ...] = (
    *(
        Form(suffix, codec, '', _ENCODERS.get(codec, {}))
        for suffix, codecs in _CODECS.items()
        for codec in codecs.split()
    ),
    *(
        form._replace(
            encoder={**_ENCODERS.get(form.codec, {}), **form.encoder}
        )
        for form in _VARIANTS
    ),
)
FORM_BY_NAME = {form.name: form for form in FORMS}


def draw_frames(
    width: int = WIDTH, height: int = HEIGHT, number: int = NUM_FRAMES
) -> Iterator[np.ndarray]:
    """Draw frames that show their index, over a ground that moves.

    Args:
        width (int): Width in pixels.
        height (int): Height in pixels.
        number (int): Number of frames, at most 256.

    Yields:
        np.ndarray: Shape ``(H, W, 3)``, uint8, RGB.
    """
    rng = np.random.default_rng(0)
    half = height // 2
    ground = rng.integers(60, 200, (half, width + 3 * number, 3), np.uint8)
    for i in range(number):
        bits = [255 * (i >> bit & 1) for bit in range(_BITS)]
        columns = np.repeat(bits, -(-width // _BITS))[:width].astype(np.uint8)
        top = np.broadcast_to(columns[:, None], (height - half, width, 3))
        yield np.concatenate([top, ground[:, 3 * i : 3 * i + width]])


def write_form(path: Path, form: Form) -> None:
    """Write an intact video.

    Args:
        path (Path): Path of the file.
        form (Form): Container and codec.

    Raises:
        av.error.FFmpegError: If this build of FFmpeg cannot write it.
    """
    options = {**BIT_EXACT, **form.muxer}
    with av.open(str(path), 'w', options=options) as container:
        stream: Any = container.add_stream(
            form.codec, rate=FPS, options=dict(form.encoder)
        )
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = _pixel_format(form.codec)
        stream.codec_context.gop_size = 12
        stream.codec_context.thread_count = 1  # the same bytes every time
        if form.milliseconds:
            stream.codec_context.time_base = Fraction(1, 1000)
        for i, pixels in enumerate(draw_frames()):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            if form.milliseconds:
                frame.pts = form.milliseconds[i]
                frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _pixel_format(codec: str) -> str:
    """Return the usual pixel format of a codec."""
    formats = Codec(codec, 'w').video_formats or []
    names = [form.name for form in formats]
    return 'yuv420p' if not names or 'yuv420p' in names else names[0]
