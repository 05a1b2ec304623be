# Copyright (c) clipbert_mm contributors.
"""Formulas that choose the frames of a few short clips of a video.

They are those of the reference (``run_video_retrieval.py`` at a118b02).
"""

import numpy as np

MODES = ('random', 'uniform', 'middle', 'dense_uniform')


def clip_span(clip_len: int, target_fps: float, fps: float) -> float:
    """Return the length of a clip in frames of the video.

    Args:
        clip_len (int): Frames per clip, the paper's T.
        target_fps (float): Rate at which a clip is sampled, in frames per
            second.
        fps (float): Rate of the video, in frames per second.

    Returns:
        float: The length, not rounded.

    Example:
        >>> clip_span(2, 2, 25)
        25.0
    """
    return clip_len / target_fps * fps


def clip_starts(
    mode: str,
    num_clips: int,
    slack: float,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Return the first frames of the clips, in ascending order.

    ``'random'`` draws every clip independently from U(0, slack), so clips may
    overlap; ``'uniform'`` and ``'dense_uniform'`` start clip i at
    ``slack * i / num_clips``; ``'middle'`` is clip 1 of 3 uniform ones. All
    are rounded up, because the reference's decoder drops the frames before
    the requested time.

    Args:
        mode (str): One of :data:`MODES`.
        num_clips (int): Number of clips.
        slack (float): Frames of the video beyond one clip, not negative.
        rng (np.random.Generator | None): Generator for ``'random'``.
            Defaults to None.

    Returns:
        np.ndarray: Shape ``(num_clips,)``, int64.

    Raises:
        ValueError: If ``mode`` is ``'random'`` and there is no generator.

    Example:
        >>> clip_starts('uniform', 4, 225.0)
        array([  0,  57, 113, 169])
    """
    if mode == 'random':
        if rng is None:
            raise ValueError(
                "mode='random' needs a random generator, but got rng=None. "
                "Use one of clipbert_mm's datasets, or set results['rng']."
            )
        # Differs from reference: sorted. The consensus does not depend on
        # the order of clips, and decoding forwards is faster.
        starts = np.sort(rng.uniform(0, slack, num_clips))
    elif mode == 'middle':
        starts = np.array([slack * 1 / 3])
    else:
        starts = slack * np.arange(num_clips) / num_clips
    return np.ceil(starts).astype(np.int64)


def frames_of_clip(
    start: int, span: float, clip_len: int, total_frames: int
) -> np.ndarray:
    """Return the frames of one clip, spread over its whole length.

    Args:
        start (int): First frame of the clip.
        span (float): Length of the clip in frames.
        clip_len (int): Frames to take.
        total_frames (int): Frames of the video. Its last frame is repeated
            if the clip is longer than the video.

    Returns:
        np.ndarray: Shape ``(clip_len,)``, int64.

    Example:
        >>> frames_of_clip(0, 25.0, 2, 250)
        array([ 0, 24])
    """
    # Differs from reference: a span below one frame stays at its start
    # instead of running backwards.
    last = start + max(span - 1, 0)
    frames = np.floor(np.linspace(start, last, clip_len)).astype(np.int64)
    return np.minimum(frames, total_frames - 1)


def snap_to_key_frames(
    frames: np.ndarray, keys: np.ndarray, starts: np.ndarray | None = None
) -> np.ndarray:
    """Replace frames by the nearest key frames, which are decoded fastest.

    Args:
        frames (np.ndarray): Indices of frames, of any shape.
        keys (np.ndarray): Indices of the key frames, ascending. With fewer
            than two the frames stay, as all of them would be the same.
        starts (np.ndarray | None): Start of every frame of the video in
            seconds, if the rate varies. Defaults to None, a constant rate.

    Returns:
        np.ndarray: Indices of key frames, of the shape of ``frames``; of two
        that are as near, the earlier one.

    Example:
        >>> snap_to_key_frames(np.array([3, 5, 6, 99]), np.array([0, 10, 20]))
        array([ 0,  0, 10, 20])
    """
    if len(keys) < 2:
        return frames
    places, edges = (
        (frames, keys) if starts is None else (starts[frames], starts[keys])
    )
    middles = (edges[:-1] + edges[1:]) / 2
    return np.asarray(keys)[np.searchsorted(middles, places)]


def sample_clips(
    mode: str,
    num_clips: int,
    clip_len: int,
    target_fps: float,
    total_frames: int,
    fps: float,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Return the frames of all clips of a video with a constant rate.

    Args:
        mode (str): One of :data:`MODES`.
        num_clips (int): Number of clips.
        clip_len (int): Frames per clip.
        target_fps (float): Rate at which a clip is sampled, in frames per
            second.
        total_frames (int): Frames of the video.
        fps (float): Rate of the video, in frames per second.
        rng (np.random.Generator | None): Generator for ``'random'``.
            Defaults to None.

    Returns:
        np.ndarray: Shape ``(num_clips, clip_len)``, int64, 0-based.

    Example:
        >>> sample_clips('middle', 1, 2, 2, 250, 25)
        array([[75, 99]])
    """
    span = clip_span(clip_len, target_fps, fps)
    slack = max(total_frames - span, 0)
    starts = clip_starts(mode, num_clips, slack, rng)
    return np.stack(
        [
            frames_of_clip(start, span, clip_len, total_frames)
            for start in starts
        ]
    )
