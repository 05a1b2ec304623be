# Copyright (c) clipbert_mm contributors.
"""Re-encode one video, so that a few of its frames are decoded fast."""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange

from clipbert_mm.media.containers import open_source, video_stream
from clipbert_mm.media.frame_size import fitted_size

from .settings import Settings
from .timeline import Timeline, read_timeline

PARTIAL = '.partial'  # suffix of a file that is still being written


def reencode(source: Path, target: Path, settings: Settings) -> None:
    """Encode a source as h264 in mp4, at a constant rate, without sound.

    The target is written under another name and renamed when complete.

    Args:
        source (Path): Video or GIF that FFmpeg decodes.
        target (Path): Path that ends in ``.mp4``; its folder is created.
        settings (Settings): Options of the encoder.

    Raises:
        MediaError: If the source is not a video.
        ValueError: If the source has no video, or ends early.
        av.error.FFmpegError: If the source cannot be decoded.
    """
    timeline = read_timeline(source, settings.fps)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + PARTIAL)
    try:
        with av.open(f'file:{partial}', 'w', format='mp4') as container:
            _encode(container, source, timeline, settings)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _encode(
    container: av.container.OutputContainer,
    source: Path,
    timeline: Timeline,
    settings: Settings,
) -> None:
    stream = None
    for number, frame in enumerate(_frames(source, timeline)):
        if stream is None:
            stream = _output_stream(container, frame, timeline.rate, settings)
        if (frame.width, frame.height, frame.format.name) != (
            stream.width,
            stream.height,
            'yuv420p',
        ):
            frame = frame.reformat(
                stream.width,
                stream.height,
                format='yuv420p',
                interpolation='BICUBIC',
                src_color_range=frame.color_range,
                dst_color_range=ColorRange.MPEG,
            )
        frame.pts = number
        frame.time_base = 1 / timeline.rate
        frame.pict_type = PictureType.NONE  # the encoder places key frames
        container.mux(stream.encode(frame))
    assert stream is not None  # a timeline has at least one frame
    container.mux(stream.encode())


def _output_stream(
    container: av.container.OutputContainer,
    frame: av.VideoFrame,
    rate: Fraction,
    settings: Settings,
) -> av.video.stream.VideoStream:
    # fastdecode: neither arithmetic coding nor a deblocking filter
    stream = container.add_stream(
        'libx264',
        rate=rate,
        options=dict(
            preset='medium', tune='fastdecode', crf=str(settings.crf)
        ),
    )
    stream.width, stream.height = fitted_size(
        frame.width, frame.height, settings.long_side
    )
    stream.pix_fmt = 'yuv420p'
    codec = stream.codec_context
    codec.gop_size = settings.keyframe_interval
    codec.thread_count = 1
    if not frame.format.is_rgb:  # keep the matrix of the source
        codec.colorspace = frame.colorspace
    return stream


def _frames(source: Path, timeline: Timeline) -> Iterator[av.VideoFrame]:
    """Yield the frames to write: for each time the one that is shown."""
    written = decoded = 0
    previous: av.VideoFrame | None = None
    with open_source(source) as container:
        for frame in container.decode(video_stream(container)):
            seconds = timeline.seconds(decoded, frame.time)
            decoded += 1
            while previous is not None and written < timeline.frames_before(
                seconds
            ):
                yield previous
                written += 1
            previous = _upright(frame)
    timeline.check_complete(decoded)
    assert previous is not None  # a timeline has at least one frame
    for _ in range(timeline.total - written):
        yield previous


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    """Rotate the pixels by the rotation that the file states."""
    turns = round(frame.rotation / 90) % 4
    if not turns:
        return frame
    pixels = np.rot90(frame.to_ndarray(format='rgb24'), turns)
    return av.VideoFrame.from_ndarray(
        np.ascontiguousarray(pixels, np.uint8), format='rgb24'
    )
