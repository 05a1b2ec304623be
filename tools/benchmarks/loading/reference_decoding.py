# Copyright (c) clipbert_mm contributors.
"""Decoding as in the reference: one container and one seek for each clip."""

from pathlib import Path

import av
import numpy as np


def decode_clips(
    path: Path, clips: np.ndarray, num_threads: int = 1
) -> np.ndarray:
    """Read the same frames as the original ClipBERT, in the same way.

    For each clip, open the file, seek to the key frame before its start,
    decode to its end and keep ``T`` of its frames. Only these become RGB
    here; the original converts all frames of a clip.

    Args:
        path (Path): Video of a constant rate that begins at 0 s.
        clips (np.ndarray): Indices of the frames of each clip, ``(C, T)``.
        num_threads (int): Threads of the decoder. Defaults to 1.

    Returns:
        np.ndarray: Frames ``(C * T, H, W, 3)``, RGB.
    """
    frames = []
    for clip in clips:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = num_threads
            rate, time_base = stream.average_rate, stream.time_base
            if rate is None or time_base is None:
                raise ValueError(f'{path} must have a constant frame rate.')
            per_frame = 1 / (rate * time_base)
            container.seek(
                int(clip[0] * per_frame), stream=stream, backward=True
            )
            run = []
            for frame in container.decode(stream):
                number = round((frame.pts or 0) / per_frame)
                if number >= clip[0]:
                    run.append(frame)
                if number >= clip[-1]:
                    break
            kept = np.linspace(0, len(run) - 1, len(clip)).astype(int)
            frames += [run[i].to_ndarray(format='rgb24') for i in kept]
    return np.stack(frames)
