# Copyright (c) clipbert_mm contributors.
"""A place in a video, from which its frames are decoded in order."""

from collections.abc import Generator, Iterator
from typing import Any, BinaryIO

import av
import numpy as np

from clipbert_mm.media.containers import (
    check_limits,
    open_container,
    packets_of,
    video_stream,
)
from clipbert_mm.media.options import ReadOptions
from clipbert_mm.media.packet_index import PacketIndex, read_packet_index


class FrameCursor:
    """Place in a video, which goes forwards or begins again at a key frame.

    A decoder that begins between key frames makes up what it lacks, and some
    demuxers land there. The cursor therefore leaves out packets up to the
    key frame, and reads the packets from the start of the file where the
    demuxer does not find it.

    Args:
        file (BinaryIO): Open file, read by seeking.
        filename (str): Name of the file, for errors.
        options (ReadOptions): Threads and limits of the decoder.

    Raises:
        MediaError: If it is above a limit.
        av.error.FFmpegError: If FFmpeg cannot open it.
        ValueError: If it has no video stream, or no frames.
    """

    def __init__(
        self, file: BinaryIO, filename: str, options: ReadOptions
    ) -> None:
        self._file = file
        self._limits = options.limits
        self._num_threads = options.num_threads
        self.last: int | None = None  # time stamp of the last decoded frame
        self._first: Any = None  # packet to begin with
        self._packets: Generator[Any, None, None] = (_ for _ in ())
        self._open()
        check_limits(self.container, self._stream, self._limits, filename)
        self.index: PacketIndex = read_packet_index(
            self.container, self._stream, filename, self._limits
        )

    def rewind(self, num_threads: int | None = None) -> None:
        """Open the file again, and go to its first key frame.

        Args:
            num_threads (int | None): Threads of the decoder from now on.
                Defaults to None, as before.
        """
        if num_threads is not None:
            self._num_threads = num_threads
        self._open()
        self._begin(None)

    def go_before(self, stamp: int) -> None:
        """Go to the key frame before a frame, unless the way on is shorter.

        Args:
            stamp (int): Time stamp of the frame.
        """
        keys = self.index.key_stamps
        place = int(np.searchsorted(keys, stamp, side='right'))
        key = int(keys[max(place - 1, 0)])
        if self.last is not None and key <= self.last < stamp:
            return
        if self.index.counted:
            self.rewind()
            return
        self.container.seek(key, stream=self._stream)
        if not self._begin(key):
            self._open()
            if not self._begin(key):
                self.rewind()

    def packets(self) -> Iterator[Any]:
        """Yield the packets from here on.

        Yields:
            Any: Packet of the video, to be decoded by :meth:`decode`.
        """
        if self._first is not None:
            packet, self._first = self._first, None
            yield packet
        for packet in self._packets:  # which outlives this generator
            yield packet

    def decode(
        self, packet: Any, skip: bool = False
    ) -> list[tuple[int, av.VideoFrame]]:
        """Decode a packet.

        Args:
            packet (Any): The next packet.
            skip (bool): Leave the frame out if no other depends on it.
                Defaults to False.

        Returns:
            list[tuple[int, av.VideoFrame]]: Time stamps and frames that come
            out, which are those of earlier packets as a rule.

        Raises:
            av.error.FFmpegError: If FFmpeg cannot decode it.
        """
        self._stream.codec_context.skip_frame = 'NONREF' if skip else 'DEFAULT'
        decoded = []
        for frame in packet.decode():
            shown = self._number if self.index.counted else frame.pts
            self._number += 1
            self.last = shown
            decoded.append((shown, frame))
        return decoded

    def close(self) -> None:
        """Release the decoder; the file stays open."""
        if not hasattr(self, 'container'):
            return
        self._packets.close()
        context = getattr(self._stream, 'codec_context', None)
        if context is not None and context.is_open:
            # Waits for FFmpeg's threads without Python's lock, for which
            # they may wait in order to log an error.
            context.flush_buffers()
        self.container.close()

    def _open(self) -> None:
        self.close()
        self._stream: Any = None
        self.container: Any = open_container(self._file, self._limits)
        self._stream = video_stream(
            self.container, self._num_threads, self._limits
        )

    def _begin(self, key: int | None) -> bool:
        """Leave out packets up to a key frame; return whether it is found."""
        self._packets.close()  # else PyAV never frees its packet
        self._packets = packets_of(self.container, self._stream)
        self._number = 0
        self.last = None
        self._first = None
        for packet in self._packets:
            if self.index.has_keys and not packet.is_keyframe:
                continue
            if key is None or packet.pts == key:
                self._first = packet
                return True
            if packet.pts is None or packet.pts > key:
                return False
        return False
