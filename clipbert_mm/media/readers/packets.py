# Copyright (c) clipbert_mm contributors.
"""Read the packets of a video that another library will decode."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av

from clipbert_mm.media.containers import (
    check_limits,
    open_container,
    video_stream,
)
from clipbert_mm.media.damage import check_container, check_packets
from clipbert_mm.media.ffmpeg_log import logged_errors
from clipbert_mm.media.options import ReadOptions
from clipbert_mm.media.packet_index import PacketIndex, read_packet_index

Packets = tuple[
    av.container.InputContainer, av.video.stream.VideoStream, PacketIndex
]


@contextmanager
def read_packets(
    file: BinaryIO, filename: str, options: ReadOptions
) -> Iterator[Packets]:
    """Index a video by PyAV, and check its container and its limits.

    Neither decord nor torchcodec says when frames are shown, or what is
    damaged.

    Args:
        file (BinaryIO): Open file.
        filename (str): Name of the file, for errors.
        options (ReadOptions): How it is read.

    Yields:
        Packets: Open file, its video stream, and the index of its frames.

    Raises:
        MediaError: If the container is damaged, or above a limit.
        av.error.FFmpegError: If FFmpeg cannot open it.
        ValueError: If it has no video stream, or no frames.
    """
    limits = options.limits
    with (
        logged_errors() as log,
        open_container(file, limits) as container,
    ):
        stream = video_stream(container, limits=limits)
        check_limits(container, stream, limits, filename)
        index = read_packet_index(container, stream, filename, limits)
        if options.refuses_damage:
            check_container(log, container, filename)
            check_packets(index, filename)
        yield container, stream, index
