# Copyright (c) clipbert_mm contributors.
"""Encode one video again, so that a few of its frames are decoded fast."""

import dataclasses
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange

from .timeline import Timeline, read_timeline, video_stream

PARTIAL = '.partial'  # ending of a file that is being written


@dataclasses.dataclass(frozen=True)
class Settings:
    """How videos are encoded.

    Args:
        fps (float, optional): Most frames per second. Defaults to None, the
            rate of the source.
        long_side (int): Most pixels of the longer side. Defaults to 448.
        keyframe_interval (int): Most frames from one key frame to the next.
            Defaults to 12.
        crf (int): Quality of x264, lower is better. Defaults to 23.

    Raises:
        ValueError: If a number is out of range.
    """

    fps: float | None = None
    long_side: int = 448
    keyframe_interval: int = 12
    crf: int = 23

    def __post_init__(self) -> None:
        limits: dict[str, tuple[float, float]] = dict(
            long_side=(16, 8192), keyframe_interval=(1, 1000), crf=(0, 51)
        )
        if self.fps is not None:
            limits['fps'] = (0.1, 240)
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(
                    f'{name} must be {least} to {most}, but got {value}.'
                )


def reencode(source: Path, target: Path, settings: Settings) -> None:
    """Write a source as h264 in mp4 with a constant rate and without sound.

    The file is complete when it has its name: it is written under another.

    Args:
        source (Path): Anything that FFmpeg decodes.
        target (Path): Ends in ``.mp4``; its folder is made.
        settings (Settings): How.

    Raises:
        ValueError: If the source has no video, or ends early.
        av.error.FFmpegError: If it cannot be decoded.
    """
    timeline = read_timeline(source, settings.fps)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + PARTIAL)
    try:
        with av.open(str(partial), 'w', format='mp4') as container:
            _encode(container, source, timeline, settings)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def fitted_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Even sides, the longer of which is at most so long; never larger.

    Args:
        width (int): Of the source.
        height (int): Of the source.
        long_side (int): Most pixels of the longer side.

    Returns:
        tuple[int, int]: Width and height.

    Example:
        >>> fitted_size(1280, 720, 448)
        (448, 252)
    """
    scale = min(1.0, long_side / max(width, height))
    return (
        max(round(width * scale) // 2 * 2, 2),
        max(round(height * scale) // 2 * 2, 2),
    )


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
        frame.pict_type = PictureType.NONE  # key frames are placed anew
        container.mux(stream.encode(frame))
    assert stream is not None  # a timeline has at least one frame
    container.mux(stream.encode())


def _output_stream(
    container: av.container.OutputContainer,
    frame: av.VideoFrame,
    rate: Fraction,
    settings: Settings,
) -> av.video.stream.VideoStream:
    # fastdecode: no arithmetic coding and no deblocking filter
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
    if not frame.format.is_rgb:  # its matrix stays the one to decode with
        codec.colorspace = frame.colorspace
    return stream


def _frames(source: Path, timeline: Timeline) -> Iterator[av.VideoFrame]:
    """The frames to write: at each time the one that is on screen."""
    written = decoded = 0
    previous: av.VideoFrame | None = None
    with av.open(str(source)) as container:
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
    for _ in range(timeline.total - written):
        yield previous


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    """Turn the pixels as the file says that a player shall."""
    turns = round(frame.rotation / 90) % 4
    if not turns:
        return frame
    pixels = np.rot90(frame.to_ndarray(format='rgb24'), turns)
    return av.VideoFrame.from_ndarray(
        np.ascontiguousarray(pixels), format='rgb24'
    )
