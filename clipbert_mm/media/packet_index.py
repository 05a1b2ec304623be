# Copyright (c) clipbert_mm contributors.
"""The frames of a video file by number, from its packets alone."""

from typing import Any, NamedTuple

import numpy as np


class PacketIndex(NamedTuple):
    """When frames are shown and where decoding can begin.

    Time stamps are in units of ``time_base`` seconds.

    Args:
        stamps (np.ndarray): When each frame is shown, ascending, int64.
        durations (np.ndarray): For how long, int64.
        key_stamps (np.ndarray): When the key frames are shown, ascending.
        time_base (float): Seconds.
        fps (float): Mean rate; NaN if the file has none.
        counted (bool): Whether the file has no time stamps to go by:
            ``stamps`` are then the numbers of the frames.
    """

    stamps: np.ndarray
    durations: np.ndarray
    key_stamps: np.ndarray
    time_base: float
    fps: float
    counted: bool

    def timestamps(self, indices: np.ndarray) -> np.ndarray:
        """Start and end of frames in seconds, from the first frame on.

        In single precision, as decord's are, so that samplers choose the
        same frames with every decoder.

        Args:
            indices (np.ndarray): Numbers of frames, 0-based.

        Returns:
            np.ndarray: Shape ``(len(indices), 2)``, float32.
        """
        starts = self.stamps[indices] - self.stamps[0]
        ends = starts + self.durations[indices]
        seconds = np.stack([starts, ends], 1) * self.time_base
        return seconds.astype(np.float32)


def read_packet_index(container: Any, stream: Any) -> PacketIndex:
    """Read the packets of a video, without decoding them.

    Args:
        container (av.container.InputContainer): The file; is read to its
            end.
        stream (av.video.stream.VideoStream): Its video.

    Returns:
        PacketIndex: Of all frames that are shown.
    """
    fps = float(stream.average_rate or np.nan)
    rows = [
        (p.pts, p.duration or 0, p.is_keyframe)
        for p in container.demux(stream)
        if p.size and not p.is_discard
    ]
    stamps = [row[0] for row in rows]
    # The stamps of an AVI are in the order of decoding.
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
        float(stream.time_base),
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
