# Copyright (c) clipbert_mm contributors.
"""Index the frames of a video file from its packets, without decoding."""

from typing import NamedTuple

import av
import numpy as np


class PacketIndex(NamedTuple):
    """Time stamps of all frames, and of those at which decoding can start.

    Time stamps and durations are in units of ``time_base`` seconds.

    Args:
        stamps (np.ndarray): Shape ``(T,)``, int64, time stamp of every frame,
            ascending.
        durations (np.ndarray): Shape ``(T,)``, int64, duration of every
            frame.
        key_stamps (np.ndarray): Time stamps of the key frames, ascending.
        time_base (float): Unit of the time stamps in seconds.
        fps (float): Average rate in frames per second; NaN if the file does
            not state it.
        counted (bool): Whether the file has no reliable time stamps;
            ``stamps`` are then the indices of the frames.
    """

    stamps: np.ndarray
    durations: np.ndarray
    key_stamps: np.ndarray
    time_base: float
    fps: float
    counted: bool

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
        starts = self.stamps[indices] - self.stamps[0]
        ends = starts + self.durations[indices]
        seconds = np.stack([starts, ends], 1) * self.time_base
        return seconds.astype(np.float32)


def read_packet_index(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> PacketIndex:
    """Read the packets of a video, without decoding them.

    Args:
        container (av.container.InputContainer): Open file; it is read to its
            end.
        stream (av.video.stream.VideoStream): Its video stream.

    Returns:
        PacketIndex: Index of all frames that are shown.
    """
    fps = float(stream.average_rate or np.nan)
    rows = [
        (p.pts, p.duration or 0, p.is_keyframe)
        for p in container.demux(stream)
        if p.size and not p.is_discard
    ]
    stamps = [row[0] for row in rows]
    # The time stamps of an AVI are in decoding order.
    if (
        None in stamps
        or len(set(stamps)) < len(stamps)
        or container.format.name == 'avi'
    ):
        return _counted_index(len(rows), fps)
    table = np.array(sorted(rows), np.int64).reshape(-1, 3)
    keys = table[table[:, 2] == 1, 0]
    if not len(keys):
        return _counted_index(len(rows), fps)
    return PacketIndex(
        table[:, 0],
        table[:, 1],
        keys,
        float(stream.time_base or 1),
        fps,
        counted=False,
    )


def _counted_index(num_frames: int, fps: float) -> PacketIndex:
    return PacketIndex(
        np.arange(num_frames),
        np.ones(num_frames, np.int64),
        np.zeros(1, np.int64),
        1 / fps,
        fps,
        counted=True,
    )
