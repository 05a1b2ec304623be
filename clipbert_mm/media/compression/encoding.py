# Copyright (c) clipbert_mm contributors.
"""Encode frames as h264 in mp4, without times of day or names of tools."""

from collections.abc import Iterator

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange

from clipbert_mm.media.frame_size import fitted_size

from .output import Output
from .settings import Settings
from .source import Source
from .timeline import Timeline

# The name of the encoder and its options are no part of the video.
_WITHOUT_NOTES = 'filter_units=remove_types=6'
_FORMAT = 'yuv420p'


def encode(
    source: Source, timeline: Timeline, settings: Settings, output: Output
) -> None:
    """Write the frames of a timeline.

    Args:
        source (Source): Video to re-encode.
        timeline (Timeline): Frames to write.
        settings (Settings): Options of the encoder.
        output (Output): File to write.

    Raises:
        MediaError: If the source is damaged.
        WriteError: If the file cannot be written.
    """
    stream = notes = None
    with av.open(
        output, 'w', format='mp4', options=dict(fflags='+bitexact')
    ) as container:
        for place, frame in enumerate(_shown(source, timeline)):
            if stream is None:
                stream = _stream(container, frame, timeline, settings)
                container.start_encoding()
                notes = BitStreamFilterContext(_WITHOUT_NOTES, stream)
            frame = _fitted(frame, stream)
            frame.pts = int(timeline.stamps[place])
            frame.time_base = timeline.time_base
            frame.pict_type = PictureType.NONE  # the encoder places key frames
            _mux(container, stream, notes, stream.encode(frame), timeline)
        assert stream is not None  # a timeline has at least one frame
        _mux(container, stream, notes, stream.encode(), timeline)


def _shown(source: Source, timeline: Timeline) -> Iterator[av.VideoFrame]:
    """Yield the frames to write, each as often as it is shown."""
    wanted = timeline.sources.tolist()
    written = 0
    held: av.VideoFrame | None = None
    for number, frame in source.frames():
        while written < len(wanted) and wanted[written] < number:
            # Before the first frame there is none to hold.
            yield frame if held is None else held
            written += 1
        held = frame
    assert held is not None  # a source without any raises
    while written < len(wanted):
        yield held
        written += 1


def encoder_options(crf: int, varies: bool) -> dict[str, str]:
    """Return the options of x264.

    Args:
        crf (int): Constant rate factor.
        varies (bool): Whether the frame rate varies.

    Returns:
        dict[str, str]: Options as FFmpeg names them.

    Example:
        >>> encoder_options(23, varies=False)['x264-params']
        'cpu-independent=1'
    """
    # With AVX-512, x264 plans the bits of macroblocks in groups of 8. Unless
    # the width is a multiple of 128, the last group of a row takes in memory
    # beyond it, and equal frames now and then become other bytes. This option
    # plans without instructions of the CPU.
    params = 'cpu-independent=1'
    options = {
        'preset': 'medium',
        'tune': 'fastdecode',  # no arithmetic coding, no deblocking filter
        'crf': str(crf),
        'threads': '1',
    }
    if varies:
        # B-frames would change the duration of the last frame.
        params += ':force-cfr=1'
        options['bf'] = '0'
    return {**options, 'x264-params': params}


def _stream(
    container: av.container.OutputContainer,
    frame: av.VideoFrame,
    timeline: Timeline,
    settings: Settings,
) -> av.video.stream.VideoStream:
    stream = container.add_stream(
        'libx264',
        rate=timeline.rate,
        options=encoder_options(settings.crf, timeline.varies),
    )
    stream.width, stream.height = fitted_size(
        frame.width, frame.height, settings.long_side
    )
    stream.pix_fmt = _FORMAT
    codec = stream.codec_context
    codec.time_base = timeline.time_base
    codec.gop_size = settings.keyframe_interval
    codec.thread_count = 1  # the result depends on the number of threads
    if not frame.format.is_rgb:  # keep the matrix of the source
        codec.colorspace = frame.colorspace
    return stream


def _fitted(
    frame: av.VideoFrame, stream: av.video.stream.VideoStream
) -> av.VideoFrame:
    """Return a frame in size and format of the result, always a new one."""
    return frame.reformat(
        stream.width,
        stream.height,
        format=_FORMAT,
        interpolation='BICUBIC',
        src_color_range=frame.color_range,
        dst_color_range=ColorRange.MPEG,
    )


def _mux(
    container: av.container.OutputContainer,
    stream: av.video.stream.VideoStream,
    notes: BitStreamFilterContext | None,
    packets: list[av.Packet],
    timeline: Timeline,
) -> None:
    assert notes is not None
    for packet in packets:
        assert packet.pts is not None
        place = int(np.searchsorted(timeline.stamps, packet.pts))
        packet.duration = int(timeline.durations[place])
        for filtered in notes.filter(packet):
            filtered.stream = stream
            container.mux(filtered)
