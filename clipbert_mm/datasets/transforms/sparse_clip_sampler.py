# Copyright (c) clipbert_mm contributors.
"""Choose the frames of a few short clips of a video."""

import math

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.readers.forward_reader import ForwardReader

MODES = ('random', 'uniform', 'middle', 'dense_uniform')
# No frame lasts shorter than this when rates vary: guards against two time
# stamps that differ by rounding only.
_MAX_FPS = 1000.0


def clip_span(clip_len: int, target_fps: float, fps: float) -> float:
    """Length of a clip in source frames.

    Args:
        clip_len (int): Frames to take per clip, the paper's T.
        target_fps (float): Rate at which a clip is sampled, in frames per
            second.
        fps (float): Rate of the video, in frames per second.

    Returns:
        float: The span, not rounded.

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
    """First frames of the clips, in ascending order.

    ``'random'`` draws every clip on its own from U(0, slack), so clips may
    overlap; ``'uniform'`` and ``'dense_uniform'`` start clip i at
    ``slack * i / num_clips``; ``'middle'`` is clip 1 of 3 uniform ones. All
    are rounded up, because the reference's decoder drops the frames before
    the time it is asked for.

    Args:
        mode (str): One of :data:`MODES`.
        num_clips (int): Number of clips.
        slack (float): Frames of the video beyond one clip, not negative.
        rng (np.random.Generator, optional): Needed by ``'random'`` only.
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
    """Frames of one clip, spread over its whole span.

    Args:
        start (int): First frame of the clip.
        span (float): Length of the clip in frames.
        clip_len (int): Frames to take.
        total_frames (int): Frames of the video; its last frame is repeated
            where a clip is longer than the video.

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


def sample_clips(
    mode: str,
    num_clips: int,
    clip_len: int,
    target_fps: float,
    total_frames: int,
    fps: float,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Frames of all clips of a video with a constant frame rate.

    Args:
        mode (str): One of :data:`MODES`.
        num_clips (int): Number of clips.
        clip_len (int): Frames per clip.
        target_fps (float): Rate at which a clip is sampled.
        total_frames (int): Frames of the video.
        fps (float): Rate of the video.
        rng (np.random.Generator, optional): Needed by ``'random'`` only.
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


def has_constant_rate(timestamps: np.ndarray) -> bool:
    """Whether every frame is shown within half a frame of a regular grid.

    Args:
        timestamps (np.ndarray): Shape ``(total_frames, 2)``: start and end of
            every frame, in seconds.

    Returns:
        bool: True for a constant frame rate.

    Example:
        >>> has_constant_rate(np.array([[0, 1], [1, 5], [5, 6]]))
        False
    """
    starts = timestamps[:, 0]
    if len(starts) < 3:
        return True
    interval = (starts[-1] - starts[0]) / (len(starts) - 1)
    grid = starts[0] + interval * np.arange(len(starts))
    return bool(np.abs(starts - grid).max() <= interval / 2)


class _RegularGrid:
    """A video with a variable rate, as the constant-rate video one sees.

    Every frame is repeated until the next one is due, at the rate of the
    video's shortest interval; clips are then laid out in time.
    """

    def __init__(self, timestamps: np.ndarray) -> None:
        self.starts = timestamps[:, 0] - timestamps[0, 0]
        intervals = np.diff(self.starts)
        intervals = intervals[intervals > 0]
        shortest = intervals.min() if len(intervals) else 1 / _MAX_FPS
        self.fps = min(1 / float(shortest), _MAX_FPS)
        last = max(float(timestamps[-1, 1] - timestamps[-1, 0]), 1 / self.fps)
        seconds = float(self.starts[-1]) + last
        self.total_frames = max(round(seconds * self.fps), 1)

    def source_frames(self, frames: np.ndarray) -> np.ndarray:
        """The frame of the file that is on screen at each grid frame."""
        seconds = (frames + 1e-3) / self.fps  # 1e-3: rounded time stamps
        inds = np.searchsorted(self.starts, seconds, side='right') - 1
        return np.clip(inds, 0, len(self.starts) - 1)


@TRANSFORMS.register_module()
class SparseClipSampler(BaseTransform):
    """Sample a few short clips of a video, sparsely.

    Section "ClipBERT with Sparse Sampling" of the paper: in training,
    ``mode='random'`` draws ``num_clips`` clips of ``clip_len`` frames from
    the whole video; in testing, ``mode='uniform'`` lays (often more) clips
    evenly over it. The formulas are those of the reference
    (``run_video_retrieval.py`` at a118b02); see :func:`clip_starts` and
    :func:`frames_of_clip`. MMAction2's ``SampleFrames`` does not do: its
    clips are a number of frames long, not of seconds, and it loses the tail
    of short videos.

    Where the rate of a video varies, clips are laid out in time.

    Required Keys:

        - filename (str)
        - total_frames (int)
        - avg_fps (float): needed if there is more than one frame
        - video_reader: optional; its ``get_frame_timestamp``, if it has one
        - rng (np.random.Generator): needed by ``mode='random'``

    Added Keys:

        - frame_inds (np.ndarray): shape ``(num_clips * clip_len,)``, int32,
          0-based, clip after clip, clips in temporal order
        - clip_len (int)
        - num_clips (int)
        - frame_interval (None): a clip has no whole interval

    Modified Keys:

        - video_reader: decord's is made to read forwards; see
          :class:`ForwardReader`

    Args:
        clip_len (int): Frames per clip, the paper's T.
        num_clips (int): Clips per video, the paper's N_train or N_test.
        target_fps (float): Rate at which a clip is sampled: a clip is
            ``clip_len / target_fps`` seconds long.
        mode (str): ``'random'``, ``'uniform'``, ``'middle'`` (one clip that
            starts at a third of the slack) or ``'dense_uniform'`` (the
            training baseline of Table 4; the paper gives no formula of its
            own, so the clips lie as with ``'uniform'``). Defaults to
            ``'random'``.
        default_fps (float, optional): Taken where a file does not tell its
            rate. Defaults to None, an error.

    Raises:
        ValueError: If an argument is out of range.
        MediaError: If a video has no frames or no known rate.

    Example:
        >>> sampler = SparseClipSampler(2, 4, target_fps=2, mode='uniform')
        >>> video = dict(filename='a.mp4', total_frames=250, avg_fps=25.0)
        >>> sampler(video)['frame_inds'].tolist()
        [0, 24, 57, 81, 113, 137, 169, 193]
    """

    def __init__(
        self,
        clip_len: int,
        num_clips: int,
        target_fps: float,
        mode: str = 'random',
        default_fps: float | None = None,
    ) -> None:
        for name, value in (('clip_len', clip_len), ('num_clips', num_clips)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f'{name} must be a whole number >= 1, but got {value!r}.'
                )
        if mode not in MODES:
            raise ValueError(f'mode must be one of {MODES}, but got {mode!r}.')
        if mode == 'middle' and num_clips != 1:
            raise ValueError(
                "mode='middle' is a single clip: num_clips must "
                f"be 1, but got {num_clips}. Use mode='uniform' "
                'for more clips.'
            )
        if not _is_rate(target_fps):
            raise ValueError(
                'target_fps must be a finite number > 0, but '
                f'got {target_fps!r}.'
            )
        if default_fps is not None and not _is_rate(default_fps):
            raise ValueError(
                'default_fps must be None or a finite number '
                f'> 0, but got {default_fps!r}.'
            )
        self.clip_len = clip_len
        self.num_clips = num_clips
        self.target_fps = target_fps
        self.mode = mode
        self.default_fps = default_fps

    def transform(self, results: dict) -> dict:
        """Add ``frame_inds``.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        total_frames = results['total_frames']
        if total_frames < 1:
            raise MediaError(results['filename'], 'it has no frames')
        if total_frames == 1:
            clips = np.zeros((self.num_clips, self.clip_len), dtype=np.int64)
        else:
            clips = self._sample(results, total_frames)
        results['frame_inds'] = clips.reshape(-1).astype(np.int32)
        results['clip_len'] = self.clip_len
        results['num_clips'] = self.num_clips
        results['frame_interval'] = None
        if hasattr(results.get('video_reader'), 'get_batch'):
            results['video_reader'] = ForwardReader(results['video_reader'])
        return results

    def _sample(self, results: dict, total_frames: int) -> np.ndarray:
        """Frames of all clips, shape ``(num_clips, clip_len)``."""
        rng = results.get('rng')
        timestamps = _timestamps(results.get('video_reader'), total_frames)
        if timestamps is None or has_constant_rate(timestamps):
            return sample_clips(
                self.mode,
                self.num_clips,
                self.clip_len,
                self.target_fps,
                total_frames,
                self._fps(results),
                rng,
            )
        grid = _RegularGrid(timestamps)
        frames = sample_clips(
            self.mode,
            self.num_clips,
            self.clip_len,
            self.target_fps,
            grid.total_frames,
            grid.fps,
            rng,
        )
        return grid.source_frames(frames)

    def _fps(self, results: dict) -> float:
        fps = results.get('avg_fps')
        if fps is not None and _is_rate(fps):
            return float(fps)
        if self.default_fps is None:
            raise MediaError(
                results['filename'],
                f'its frame rate is unknown (got {fps}); set default_fps of '
                'SparseClipSampler, or write the rate into the file',
            )
        return float(self.default_fps)

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(clip_len={self.clip_len}, '
            f'num_clips={self.num_clips}, target_fps={self.target_fps}, '
            f'mode={self.mode!r}, default_fps={self.default_fps})'
        )


def _is_rate(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _timestamps(
    video_reader: object | None, total_frames: int
) -> np.ndarray | None:
    """Start and end of every frame in seconds, where the decoder tells."""
    read = getattr(video_reader, 'get_frame_timestamp', None)
    if read is None:
        return None
    timestamps = np.asarray(read(np.arange(total_frames)), dtype=np.float64)
    return timestamps if np.isfinite(timestamps).all() else None
