# Copyright (c) clipbert_mm contributors.
"""Index the frames of a video file from its packets, without decoding."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import av
import numpy as np

from .timestamps import has_constant_rate


class PacketIndex(NamedTuple):
    """Time stamps of all frames, and of those at which decoding can start.

    Time stamps, times and durations are in units of ``time_base`` seconds.

    Args:
        stamps (np.ndarray): Shape ``(T,)``, int64, time stamp of every frame,
            ascending.
        times (np.ndarray): Shape ``(T,)``, int64, start of every frame,
            ascending; differs from ``stamps`` only if ``counted``.
        durations (np.ndarray): Shape ``(T,)``, int64, duration of every
            frame.
        key_stamps (np.ndarray): Time stamps of the key frames, ascending.
        time_base (float): Unit of the time stamps in seconds.
        fps (float): Average rate in frames per second; NaN if it is unknown.
        counted (bool): Whether the frames have no reliable time stamps;
            ``stamps`` are then the indices of the frames.
        num_leading (int): Number of frames that are shown before the first
            key frame; a decoder may be unable to decode them.
        reordered (bool): Whether frames are decoded in another order than
            they are shown.
        open_groups (bool): Whether frames after a key frame are shown before
            it, and may depend on frames before it.
    """

    stamps: np.ndarray
    times: np.ndarray
    durations: np.ndarray
    key_stamps: np.ndarray
    time_base: float
    fps: float
    counted: bool
    num_leading: int = 0
    reordered: bool = False
    open_groups: bool = False

    def timestamps(self, indices: np.ndarray) -> np.ndarray:
        """Return start and end of frames in seconds.

        Time counts from the start of the first frame. The values are in
        single precision, as decord's are, so that the sampler chooses the
        same frames with every decoder.

        Args:
            indices (np.ndarray): 0-based frame indices.

        Returns:
            np.ndarray: Shape ``(len(indices), 2)``, float32.
        """
        starts = self.times[indices] - self.times[0]
        ends = starts + self.durations[indices]
        seconds = np.stack([starts, ends], 1) * self.time_base
        return seconds.astype(np.float32)

    def without_first(self, number: int) -> 'PacketIndex':
        """Return the index without the first frames.

        Args:
            number (int): Number of frames to leave out.

        Returns:
            PacketIndex: Index of the other frames.
        """
        return self._replace(
            stamps=self.stamps[number:],
            times=self.times[number:],
            durations=self.durations[number:],
            num_leading=0,
        )


class _Packet(NamedTuple):
    """Properties of a packet, in units of the time base."""

    pts: Any  # int, or None
    dts: int | None
    duration: int
    is_key: bool
    is_shown: bool


def read_packet_index(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> PacketIndex:
    """Read the packets of a video, without decoding them.

    Packets before the first key frame are left out: a file may begin inside
    a group of pictures.

    Args:
        container (av.container.InputContainer): Open file; it is read to its
            end.
        stream (av.video.stream.VideoStream): Its video stream.

    Returns:
        PacketIndex: Index of all frames that are shown.
    """
    stated = float(stream.average_rate or np.nan)
    time_base = float(stream.time_base or 1)
    packets = _packets(container, stream)
    shown = [p for p in packets if p.is_shown]
    # The time stamps of an AVI are in decoding order.
    if container.format.name == 'avi' or not _are_reliable(packets):
        return _counted_index(shown, time_base, stated)
    rows = sorted((p.pts, p.duration) for p in shown)
    table = np.array(rows, np.int64).reshape(-1, 2)
    keys = sorted({p.pts for p in packets if p.is_key})
    return PacketIndex(
        table[:, 0],
        table[:, 0],
        table[:, 1],
        np.array(keys, np.int64),
        time_base,
        _rate(table[:, 0] * time_base, stated),
        counted=False,
        num_leading=int(np.searchsorted(table[:, 0], keys[0])),
        reordered=any(a.pts > b.pts for a, b in pairwise(packets)),
        open_groups=_has_open_groups(packets),
    )


def _packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> list[_Packet]:
    """Return all packets from the first key frame on, in their order."""
    packets = [
        _Packet(p.pts, p.dts, p.duration or 0, p.is_keyframe, not p.is_discard)
        for p in container.demux(stream)
        if p.size
    ]
    first = next((i for i, p in enumerate(packets) if p.is_key), 0)
    return packets[first:]


def _are_reliable(packets: Sequence[_Packet]) -> bool:
    """Return whether each frame has a time stamp of its own."""
    stamps = {p.pts for p in packets}
    if None in stamps or len(stamps) < len(packets):
        return False
    order = [p.dts for p in packets if p.dts is not None]
    ascending = all(a <= b for a, b in pairwise(order))
    return ascending and any(p.is_key for p in packets)


def _has_open_groups(packets: Sequence[_Packet]) -> bool:
    key = None
    for packet in packets:
        if packet.is_key:
            key = packet.pts
        elif key is not None and packet.pts < key:
            return True
    return False


def _counted_index(
    shown: Sequence[_Packet], time_base: float, stated: float
) -> PacketIndex:
    """Number the frames; their times are those of decoding, if ascending."""
    number = len(shown)
    order = np.array([p.dts for p in shown if p.dts is not None], np.int64)
    if number > 1 and len(order) == number and (np.diff(order) > 0).all():
        steps = np.append(np.diff(order), np.median(np.diff(order)))
        times, durations = order, steps.astype(np.int64)
        fps = _rate(times * time_base, stated)
    else:
        times, durations = np.arange(number), np.ones(number, np.int64)
        time_base, fps = 1 / stated, stated
    return PacketIndex(
        np.arange(number),
        times,
        durations,
        np.zeros(1, np.int64),
        time_base,
        fps,
        counted=True,
    )


def _rate(seconds: np.ndarray, stated: float) -> float:
    """Return the stated rate, unless the time stamps contradict it."""
    steps = len(seconds) - 1
    if steps < 1 or abs(stated * (seconds[-1] - seconds[0]) - steps) <= 0.5:
        return stated
    if np.isfinite(stated) and not has_constant_rate(seconds):
        return stated  # the sampler lays clips out in time
    rate = Fraction(steps / float(seconds[-1] - seconds[0]))
    return float(rate.limit_denominator(1001))
