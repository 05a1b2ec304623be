# Copyright (c) clipbert_mm contributors.
"""Index the frames of a video file from its packets, without decoding."""

from array import array
from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np

from .containers import packets_of
from .limits import VIDEO_LIMITS, MediaLimits
from .timestamps import has_constant_rate

_NONE = -(2**63)  # a time stamp that is missing
_USUAL_RATE = 25.0  # which FFmpeg assumes, too
_COLUMNS = 4
# Containers that may state when frames are decoded, not when they are shown.
_DECODING_TIMES = ('avi', 'asf', 'wtv', 'mxf', 'mxf_opatom')
# Streams without a container: FFmpeg makes up their time stamps, which may
# skip a frame, and assumes 25 frames per second whatever their headers state.
_RAW = ('mpegvideo', 'm4v', 'h263', 'h264', 'hevc', 'vvc')
_JOINT_PACKETS = 2
# Codecs whose streams say which frames are key frames; of others the
# container says it.
_CODECS_THAT_MARK_KEYS = frozenset(
    'h264 hevc vvc vp8 vp9 av1 libdav1d libaom-av1 mpeg1video mpeg2video '
    'mpeg4 theora png apng ffv1'.split()
)


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
        has_keys (bool): Whether any packet is marked as a key frame; the
            index then begins with the first of them.
        num_leading (int): Number of frames that are shown before the first
            key frame; a decoder may be unable to decode them.
        num_hidden (int): Number of frames that an edit list hides.
        reordered (bool): Whether frames are decoded in another order than
            they are shown.
        open_groups (bool): Whether frames after a key frame are shown before
            it, and may depend on frames before it.
        corrupt (frozenset[tuple[int, int]]): Time stamps of the packets of
            which parts are missing, as :func:`stamps_of` returns them.
    """

    stamps: np.ndarray
    times: np.ndarray
    durations: np.ndarray
    key_stamps: np.ndarray
    time_base: float
    fps: float
    counted: bool
    has_keys: bool = True
    num_leading: int = 0
    num_hidden: int = 0
    reordered: bool = False
    open_groups: bool = False
    corrupt: frozenset[tuple[int, int]] = frozenset()

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

    def key_frames(self) -> np.ndarray:
        """Return the frames at which decoding can start.

        Returns:
            np.ndarray: Indices of frames, ascending; empty if none is shown,
            or if a file without time stamps is decoded from its start.
        """
        if self.counted:
            return np.zeros(0, np.int64)
        return np.flatnonzero(np.isin(self.stamps, self.key_stamps))

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


class _Packets(NamedTuple):
    """Properties of packets, in units of the time base; _NONE if unknown."""

    pts: np.ndarray
    dts: np.ndarray
    durations: np.ndarray
    is_key: np.ndarray
    is_shown: np.ndarray
    is_corrupt: np.ndarray


def read_packet_index(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    filename: str = 'the file',
    limits: MediaLimits = VIDEO_LIMITS,
) -> PacketIndex:
    """Read the packets of a video, without decoding them.

    Packets before the first key frame are left out: a file may begin inside
    a group of pictures.

    Args:
        container (av.container.InputContainer): Open file; it is read to its
            end.
        stream (av.video.stream.VideoStream): Its video stream.
        filename (str): Name of the file, for errors.
        limits (MediaLimits): Limits of its frames and duration.

    Returns:
        PacketIndex: Index of all frames that are shown.

    Raises:
        ValueError: If there are no frames.
        MediaError: If it is above a limit.
    """
    stated = _stated_rate(container, stream)
    time_base = float(stream.time_base or 1)
    packets = _packets(container, stream, filename, limits)
    if len(packets.pts) == 1 and not stream.average_rate:
        stated = _rate_of_one(packets, time_base)
    corrupt = _corrupt_packets(packets)
    form, context = container.format.name, stream.codec_context
    if form in _RAW:
        unknown = np.full_like(packets.pts, _NONE)
        packets = packets._replace(pts=unknown, dts=unknown)
    reordered = bool((np.diff(packets.pts) < 0).any())
    if (
        form in _DECODING_TIMES
        and (form == 'avi' or (context.has_b_frames and not reordered))
    ) or not _are_reliable(packets):
        index = _counted_index(packets, time_base, stated)
        _check_seconds(index, limits, filename)
        return index._replace(corrupt=corrupt)
    shown, keys = packets.is_shown, np.unique(packets.pts[packets.is_key])
    if packets.is_key.all() and not _may_have_only_keys(context):
        keys = keys[:1]
    order = np.argsort(packets.pts[shown])
    stamps = packets.pts[shown][order]
    index = PacketIndex(
        stamps,
        stamps,
        packets.durations[shown][order],
        keys,
        time_base,
        _rate(stamps * time_base, stated),
        counted=False,
        num_leading=int(np.searchsorted(stamps, keys[0])),
        num_hidden=int((~shown).sum()),
        reordered=reordered,
        open_groups=_has_open_groups(packets),
        corrupt=corrupt,
    )
    _check_seconds(index, limits, filename)
    return index


def _check_seconds(
    index: PacketIndex, limits: MediaLimits, filename: str
) -> None:
    seconds = float(index.times[-1] - index.times[0]) * index.time_base
    limits.check_seconds(seconds, filename)


def _may_have_only_keys(context: av.VideoCodecContext) -> bool:
    """Return whether it is credible that all packets are key frames.

    Old QuickTime files of codecs such as Apple Video mark every packet,
    although their frames depend on those before.
    """
    codec = context.codec
    return codec.intra_only or codec.name in _CODECS_THAT_MARK_KEYS


def _packets(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    filename: str,
    limits: MediaLimits,
) -> _Packets:
    """Return all packets from the first key frame on, in their order."""
    rows = array('q')  # of a long film, lists would take gigabytes
    most = _COLUMNS * limits.frames
    for p in packets_of(container, stream):
        if not p.size:
            continue
        pts, dts = p.pts, p.dts
        flags = p.is_keyframe | p.is_discard << 1 | p.is_corrupt << 2
        rows.extend(
            (
                _NONE if pts is None else pts,
                _NONE if dts is None else dts,
                p.duration or 0,
                flags,
            )
        )
        if len(rows) > most:
            limits.check_frames(len(rows) // _COLUMNS, filename)
    table = np.frombuffer(rows, np.int64).reshape(-1, _COLUMNS)
    is_key = table[:, 3] & 1 > 0
    first = int(is_key.argmax()) if is_key.any() else 0
    pts, dts, durations, flags = table[first:].T
    shown = flags & 2 == 0
    if not shown.any():
        raise ValueError('it has no frames')
    return _Packets(pts, dts, durations, is_key[first:], shown, flags & 4 > 0)


def _corrupt_packets(packets: _Packets) -> frozenset[tuple[int, int]]:
    """Return time stamps of the packets that are not whole.

    Where transport streams are joined, the demuxer also marks a whole packet
    just before the first key frame of the second part.
    """
    places = np.flatnonzero(packets.is_corrupt)
    return frozenset(
        (int(packets.pts[i]), int(packets.dts[i]))
        for i in places
        if not packets.is_key[i + 1 : i + 1 + _JOINT_PACKETS].any()
    )


def stamps_of(packet: av.Packet) -> tuple[int, int]:
    """Return the time stamps of a packet as ``PacketIndex.corrupt`` has them.

    Args:
        packet (av.Packet): The packet.

    Returns:
        tuple[int, int]: Time stamps of presentation and of decoding.
    """
    pts, dts = packet.pts, packet.dts
    return _NONE if pts is None else pts, _NONE if dts is None else dts


def _are_reliable(packets: _Packets) -> bool:
    """Return whether each frame has a time stamp of its own."""
    pts, dts = packets.pts, packets.dts[packets.dts != _NONE]
    if (pts == _NONE).any() or len(np.unique(pts)) < len(pts):
        return False
    return bool((np.diff(dts) >= 0).all() and packets.is_key.any())


def _has_open_groups(packets: _Packets) -> bool:
    number = np.arange(len(packets.pts))
    last_key = np.maximum.accumulate(np.where(packets.is_key, number, 0))
    return bool((packets.pts < packets.pts[last_key]).any())


def _counted_index(
    packets: _Packets, time_base: float, stated: float
) -> PacketIndex:
    """Number the frames; their times are those of decoding, if ascending."""
    order = packets.dts[packets.is_shown]
    number = len(order)
    steps = np.diff(order)
    if number > 1 and (order != _NONE).all() and (steps > 0).all():
        times = order
        durations = np.append(steps, np.median(steps)).astype(np.int64)
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
        has_keys=bool(packets.is_key.any()),
    )


def _stated_rate(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
) -> float:
    """Return the rate that a file states, NaN if it states none."""
    rate = stream.average_rate
    if container.format.name in _RAW:
        rate = stream.codec_context.framerate or rate
    return float(rate or np.nan)


def _rate_of_one(packets: _Packets, time_base: float) -> float:
    """Return the rate of a single frame, of which FFmpeg states none."""
    seconds = float(packets.durations[0]) * time_base
    return 1 / seconds if seconds > 0 else _USUAL_RATE


def _rate(seconds: np.ndarray, stated: float) -> float:
    """Return the stated rate, unless the time stamps contradict it."""
    steps = len(seconds) - 1
    if steps < 1 or abs(stated * (seconds[-1] - seconds[0]) - steps) <= 0.5:
        return stated
    if np.isfinite(stated) and not has_constant_rate(seconds):
        return stated  # the sampler lays clips out in time
    rate = Fraction(steps / float(seconds[-1] - seconds[0]))
    return float(rate.limit_denominator(1001))
