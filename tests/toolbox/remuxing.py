# Copyright (c) clipbert_mm contributors.
"""Put the packets of videos into other containers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.stream import Disposition

_KINDS = ('video', 'audio')


def remux(
    source: Path,
    target: Path,
    *,
    start: float | None = None,
    end: float | None = None,
    cover: Path | None = None,
    bitstream_filter: str = 'null',
    **options: str,
) -> Path:
    """Copy the packets of a video into a file.

    Args:
        source (Path): File to copy from.
        target (Path): File to write; its suffix chooses the container.
        start (float | None): Seconds of the first frame to show; the packets
            from the key frame before are copied, and an edit list hides
            them. Defaults to None, the first frame.
        end (float | None): Seconds of the end. Defaults to None, all.
        cover (Path | None): JPEG to attach before the video, as the cover
            that songs have. Defaults to None, none.
        bitstream_filter (str): Filter of FFmpeg for the packets. Defaults to
            ``'null'``, none.
        **options (str): Options of the container.

    Returns:
        Path: ``target``.
    """
    with (
        av.open(str(source)) as reader,
        av.open(str(target), 'w', options=options) as writer,
    ):
        stream = next(s for s in reader.streams if s.type in _KINDS)
        covers: list[Any] = []
        if cover is not None:
            covers = attach(writer, cover)
        copy = writer.add_stream_from_template(stream)
        for packet in covers:
            writer.mux(packet)
        assert stream.time_base is not None
        bsf = BitStreamFilterContext(bitstream_filter, stream, copy)
        shift = 0
        if start is not None:
            shift = round(start / stream.time_base)
            reader.seek(shift, stream=stream)
        for packet in reader.demux(stream):
            if packet.dts is None or packet.pts is None:
                continue
            if end is not None and packet.pts * stream.time_base >= end:
                continue
            packet.pts -= shift
            packet.dts -= shift
            for filtered in bsf.filter(packet):
                filtered.stream = copy
                writer.mux(filtered)
    return target


def attach(writer: av.container.OutputContainer, cover: Path) -> list[Any]:
    """Add a stream with an attached picture; return its packets."""
    with av.open(str(cover)) as reader:
        source = reader.streams.video[0]
        stream = writer.add_stream_from_template(source)
        stream.disposition = Disposition.attached_pic
        packets = [p for p in reader.demux(source) if p.size]
        for packet in packets:
            packet.stream = stream
            packet.pts = packet.dts = 0
    return packets


def join(sources: Sequence[Path], target: Path) -> Path:
    """Write a file with one video stream of each source."""
    readers = [av.open(str(source)) for source in sources]
    with av.open(str(target), 'w') as writer:
        copies = [
            writer.add_stream_from_template(reader.streams.video[0])
            for reader in readers
        ]
        for reader, copy in zip(readers, copies):
            for packet in reader.demux(video=0):
                if packet.dts is not None:
                    packet.stream = copy
                    writer.mux(packet)
    for reader in readers:
        reader.close()
    return target
