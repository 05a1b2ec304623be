# Copyright (c) clipbert_mm contributors.
"""Choose the frames of a few short clips of a video."""

import math

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from clipbert_mm.datasets.clip_sampling import (
    MODES,
    sample_clips,
    snap_to_key_frames,
)
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.timestamps import RegularGrid, has_constant_rate
from clipbert_mm.utils.checks import check_bool, check_choice, check_integer


@TRANSFORMS.register_module()
class SparseClipSampler(BaseTransform):
    """Sample a few short clips of a video, sparsely.

    Section "ClipBERT with Sparse Sampling" of the paper: in training,
    ``mode='random'`` draws ``num_clips`` clips of ``clip_len`` frames from
    the whole video; in testing, ``mode='uniform'`` spreads (often more) clips
    evenly over it. :mod:`clipbert_mm.datasets.clip_sampling` has the
    formulas. MMAction2's ``SampleFrames`` does not fit: its clips are a
    number of frames long, not of seconds, and it loses the tail of short
    videos.

    If the rate of a video varies, clips are laid out in time.

    Required Keys:

        - filename (str)
        - total_frames (int)
        - avg_fps (float): needed if there is more than one frame
        - video_reader: optional; asked for the time stamps of all frames
        - key_frame_inds (np.ndarray): needed by ``snap_to_keyframes``
        - rng (np.random.Generator): needed by ``mode='random'``

    Added Keys:

        - frame_inds (np.ndarray): shape ``(num_clips * clip_len,)``, int32,
          0-based, clip after clip, clips in temporal order
        - clip_len (int)
        - num_clips (int)
        - frame_interval (None): a clip has no integer interval

    Args:
        clip_len (int): Frames per clip, the paper's T.
        num_clips (int): Clips per video, the paper's N_train or N_test.
        target_fps (float): Rate at which a clip is sampled, in frames per
            second: a clip is ``clip_len / target_fps`` seconds long.
        mode (str): ``'random'``, ``'uniform'``, ``'middle'`` (one clip that
            starts at a third of the slack) or ``'dense_uniform'`` (the
            training baseline of Table 4; the paper gives no formula for it,
            so the clips lie as with ``'uniform'``). Defaults to
            ``'random'``.
        default_fps (float | None): Rate of files that do not state their
            own, in frames per second. Defaults to None, an error.
        snap_to_keyframes (bool): Take the key frame nearest to each chosen
            frame. This is approximate: frames move by up to half the
            distance of two key frames, further after the last one, and those
            of a clip may become equal.
            For the indexing of large collections, together with
            ``LoadVideo(key_frames=True)``. Defaults to False.

    Raises:
        ValueError: If an argument is out of range, or if
            ``snap_to_keyframes`` lacks the key frames.
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
        snap_to_keyframes: bool = False,
    ) -> None:
        check_integer('clip_len', clip_len, 1)
        check_integer('num_clips', num_clips, 1)
        check_choice('mode', mode, MODES)
        check_bool('snap_to_keyframes', snap_to_keyframes)
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
        self.snap_to_keyframes = snap_to_keyframes

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
        return results

    def _sample(self, results: dict, total_frames: int) -> np.ndarray:
        """Return the frames of all clips, ``(num_clips, clip_len)``."""
        timestamps = _timestamps(results.get('video_reader'), total_frames)
        if timestamps is not None and (np.diff(timestamps[:, 0]) <= 0).any():
            raise MediaError(
                results['filename'],
                'its time stamps do not ascend; read it by '
                "LoadVideo(decoder='pyav')",
            )
        if timestamps is None or has_constant_rate(timestamps[:, 0]):
            clips = self._clips(results, total_frames, self._fps(results))
            return self._snapped(results, clips, None)
        grid = RegularGrid(timestamps)
        clips = grid.source_frames(
            self._clips(results, grid.total_frames, grid.fps)
        )
        return self._snapped(results, clips, timestamps[:, 0])

    def _snapped(
        self, results: dict, clips: np.ndarray, starts: np.ndarray | None
    ) -> np.ndarray:
        if not self.snap_to_keyframes:
            return clips
        keys = results.get('key_frame_inds')
        if keys is None:
            raise ValueError(
                'snap_to_keyframes needs the key frames of the video, but '
                'there are none: set key_frames=True of LoadVideo.'
            )
        return snap_to_key_frames(clips, keys, starts)

    def _clips(
        self, results: dict, total_frames: int, fps: float
    ) -> np.ndarray:
        return sample_clips(
            self.mode,
            self.num_clips,
            self.clip_len,
            self.target_fps,
            total_frames,
            fps,
            results.get('rng'),
        )

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
            f'mode={self.mode!r}, default_fps={self.default_fps}, '
            f'snap_to_keyframes={self.snap_to_keyframes})'
        )


def _is_rate(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _timestamps(
    video_reader: object | None, total_frames: int
) -> np.ndarray | None:
    """Return start and end of every frame in seconds; None if unknown."""
    read = getattr(video_reader, 'get_frame_timestamp', None)
    if read is None:
        return None
    timestamps = np.asarray(read(np.arange(total_frames)), dtype=np.float64)
    return timestamps if np.isfinite(timestamps).all() else None
