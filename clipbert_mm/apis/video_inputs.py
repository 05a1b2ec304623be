# Copyright (c) clipbert_mm contributors.
"""Videos as callers name them: files, folders, patterns, frames."""

import dataclasses
import glob
import os
import os.path as osp
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from clipbert_mm.media.files import VIDEO_SUFFIXES

from .video_features import SkippedVideo, VideoFeatures

_GLOB_CHARACTERS = frozenset('*?[')


@dataclasses.dataclass(frozen=True, eq=False)
class VideoFrames:
    """A video whose frames are already decoded.

    Args:
        frames (np.ndarray | torch.Tensor): Shape ``(frames, H, W, 3)``, or
            ``(frames, 3, H, W)`` for a tensor; uint8, RGB.
        fps (float): Frames per second.
        video (str): Name in results. Defaults to ``'frames'``.

    Raises:
        TypeError: If the name is not a string.

    Example:
        >>> VideoFrames(np.zeros((50, 48, 64, 3), np.uint8), fps=25).video
        'frames'
    """

    frames: np.ndarray | torch.Tensor
    fps: float
    video: str = 'frames'

    def __post_init__(self) -> None:
        if not isinstance(self.video, str):
            raise TypeError(
                'The video of VideoFrames must be its name, a string, but got '
                f'{self.video!r:.80} ({type(self.video).__name__}).'
            )

    def array(self) -> np.ndarray:
        """Return the frames, ``(frames, H, W, 3)``.

        Returns:
            np.ndarray: View of the frames, with the channels last.
        """
        if not isinstance(self.frames, torch.Tensor):
            return np.asarray(self.frames)
        frames = self.frames.detach().cpu()
        if frames.ndim == 4 and frames.shape[1] == 3 != frames.shape[-1]:
            frames = frames.permute(0, 2, 3, 1)
        return frames.numpy()


#: A video of a call, once folders and patterns are resolved.
Video = str | VideoFrames | VideoFeatures | SkippedVideo


def expand_videos(videos: Any, suffixes: Iterable[str] = ()) -> list[Video]:
    """Return the videos that an argument names.

    A folder stands for the videos below it, a pattern for the files that
    match it, both in the order of their names.

    Args:
        videos (Any): A file, folder or pattern as a string or a path, a
            :class:`VideoFrames`, the features of a video; or an iterable of
            them.
        suffixes (Iterable[str]): Suffixes of the files that a folder stands
            for. Defaults to those of videos.

    Returns:
        list[Video]: The videos; files as strings. They need not exist.

    Raises:
        FileNotFoundError: If a folder holds no video or a pattern matches
            nothing.
        TypeError: If a video is of another type.
        ValueError: If there is no video, or one is an address.

    Example:
        >>> expand_videos(['a.mp4', 'b.mp4'])
        ['a.mp4', 'b.mp4']
    """
    wanted = frozenset(suffixes) or frozenset(VIDEO_SUFFIXES)
    found = [
        video
        for position, value in enumerate(_values(videos))
        for video in _expand(value, position, wanted)
    ]
    if not found:
        raise ValueError('There must be at least one video, but got none.')
    return found


def is_single_video(videos: Any) -> bool:
    """Return whether an argument is one video, not a collection.

    Args:
        videos (Any): Argument of a call.

    Returns:
        bool: True for a file, frames and features; False for lists, folders
        and patterns.

    Example:
        >>> is_single_video('a.mp4'), is_single_video(['a.mp4'])
        (True, False)
    """
    if isinstance(videos, (str, os.PathLike)):
        name = os.fspath(videos)
        return not osp.isdir(name) and not _is_pattern(name)
    return isinstance(videos, (VideoFrames, VideoFeatures, SkippedVideo))


def _values(videos: Any) -> Iterator[Any]:
    single = (str, bytes, os.PathLike, VideoFrames, VideoFeatures)
    if isinstance(videos, (*single, SkippedVideo)):
        yield videos
    elif isinstance(videos, torch.Tensor) or (
        isinstance(videos, np.ndarray) and videos.dtype.kind not in 'OUS'
    ):
        raise TypeError(
            'Frames need their rate: pass VideoFrames(frames, fps=25.0) '
            f'instead of an array of shape {tuple(videos.shape)}.'
        )
    elif isinstance(videos, dict) or not isinstance(videos, Iterable):
        raise TypeError(
            'videos must be a file, a folder, a pattern, VideoFrames, or a '
            f'list of them, but got {videos!r:.80} ({_type(videos)}).'
        )
    else:
        yield from videos


def _expand(
    value: Any, position: int, suffixes: frozenset[str]
) -> Iterator[Video]:
    if isinstance(value, (VideoFrames, VideoFeatures, SkippedVideo)):
        yield value
        return
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(
            f'Video {position} must be a path, VideoFrames or the features '
            f'of a video, but got {value!r:.80} ({_type(value)}).'
        )
    name = os.fspath(value)
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if not name.strip():
        raise ValueError(
            f'Video {position} must be the path of a file, but got {name!r}.'
        )
    _check_file_name(name, position)
    if '://' in name and not osp.lexists(name):
        raise ValueError(
            f'Video {position} is the address {name!r}, which is not '
            'downloaded. Download the file and pass its path.'
        )
    if osp.isdir(name):
        yield from _files_below(name, suffixes)
    elif _is_pattern(name):
        yield from _matching(name)
    else:
        yield name


def _check_file_name(name: str, position: int) -> None:
    """Raise for a name that no file of this system can have."""
    reason = 'a NUL character' if '\0' in name else ''
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        reason = 'half of a character (a lone surrogate)'
    if reason:
        raise ValueError(
            f'Video {position} must be the path of a file, but {name!r:.80} '
            f'holds {reason}, which no file name does.'
        )


def _files_below(folder: str, suffixes: frozenset[str]) -> list[str]:
    found = sorted(
        osp.join(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if osp.splitext(name)[1].lower() in suffixes
    )
    if not found:
        raise FileNotFoundError(
            f'The folder {folder!r} holds no file with one of the suffixes '
            f'{sorted(suffixes)}. Pass the files themselves.'
        )
    return found


def _matching(pattern: str) -> list[str]:
    found = sorted(filter(osp.isfile, glob.glob(pattern, recursive=True)))
    if not found:
        raise FileNotFoundError(f'No file matches the pattern {pattern!r}.')
    return found


def _is_pattern(name: str) -> bool:
    """Return whether a name is a pattern; an existing file is none."""
    return not _GLOB_CHARACTERS.isdisjoint(name) and not osp.lexists(name)


def _type(value: Any) -> str:
    return type(value).__name__
