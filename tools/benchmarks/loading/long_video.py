# Copyright (c) clipbert_mm contributors.
"""Long video files, made of the packets of a short one."""

from fractions import Fraction
from pathlib import Path

import av


def repeat_video(source: Path, path: Path, times: int) -> Path:
    """Write a video that shows a short one again and again.

    Nothing is encoded: the packets of the short video are written ``times``
    times, each time with stamps that are one length later.

    Args:
        source (Path): Video of a constant rate, which begins at 0 s with a
            key frame that no earlier frame is needed for.
        path (Path): File to write, unless it exists.
        times (int): How often the video is shown.

    Returns:
        Path: ``path``.

    Raises:
        ValueError: If ``source`` has no constant rate.
    """
    if path.exists():
        return path
    partial = path.with_suffix('.partial')
    with (
        av.open(str(source)) as short,
        av.open(str(partial), 'w', format=path.suffix[1:]) as container,
    ):
        stream = short.streams.video[0]
        rate, time_base = stream.average_rate, stream.time_base
        if rate is None or time_base is None:
            raise ValueError(f'{source} must have a constant frame rate.')
        copied = container.add_stream_from_template(stream)
        packets = [packet for packet in short.demux(stream) if packet.size]
        stamps = [(packet.pts or 0, packet.dts or 0) for packet in packets]
        length = Fraction(len(packets)) / (rate * time_base)
        for turn in range(times):
            later = round(turn * length)
            for packet, (pts, dts) in zip(packets, stamps):
                # The muxer rescales what it is given: both are set each time.
                packet.stream, packet.time_base = copied, time_base
                packet.pts, packet.dts = pts + later, dts + later
                container.mux(packet)
    return partial.rename(path)
