# Copyright (c) clipbert_mm contributors.
"""The reference's way to read clips: one container and one seek for each."""

from pathlib import Path

import av
import numpy as np


def decode_clips(
    path: Path, clips: np.ndarray, num_threads: int = 1
) -> np.ndarray:
    """Read clips as the original ClipBERT does, frame by frame the same.

    For each clip it opens the file, seeks to the key frame before its start,
    decodes to its end and keeps ``clip_len`` of its frames. Only these become
    RGB here; the original converts all frames of a clip.

    Args:
        path (Path): A video of a constant rate that begins at 0 s.
        clips (np.ndarray): Frames of each clip, ``(num_clips, clip_len)``.
        num_threads (int): Threads of the decoder. Defaults to 1.

    Returns:
        np.ndarray: ``(num_clips * clip_len, H, W, 3)``, RGB.
    """
    frames = []
    for clip in clips:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = num_threads
            per_frame = 1 / (stream.average_rate * stream.time_base)
            container.seek(
                int(clip[0] * per_frame), stream=stream, backward=True
            )
            run = []
            for frame in container.decode(stream):
                number = round(frame.pts / per_frame)
                if number >= clip[0]:
                    run.append(frame)
                if number >= clip[-1]:
                    break
            kept = np.linspace(0, len(run) - 1, len(clip)).astype(int)
            frames += [run[i].to_ndarray(format='rgb24') for i in kept]
    return np.stack(frames)
