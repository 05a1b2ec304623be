# Copyright (c) clipbert_mm contributors.
"""Features of files that were read before, within a limit of bytes."""

import dataclasses
import os
import os.path as osp
import stat
import threading
from collections import OrderedDict
from typing import NamedTuple

from clipbert_mm.utils.checks import check_integer

from .video_features import VideoFeatures
from .video_inputs import Video

CACHE_BYTES = 2**29


class FileState(NamedTuple):
    """A file, and what changes with its content.

    Args:
        path (str): Path without symbolic links.
        suffix (str): Suffix of the name; it decides between a still image
            and a stream of JPEGs.
        stamp (tuple[int, ...]): Device, inode, size, and the times of the
            last change of content and of status in ns.
    """

    path: str
    suffix: str
    stamp: tuple[int, ...]


def file_state(video: Video) -> FileState | None:
    """Return the state of a file.

    Args:
        video (Video): A video of a call.

    Returns:
        FileState | None: None for frames, features, and what is not a regular
        file.

    Example:
        >>> file_state('no.mp4') is None
        True
    """
    if not isinstance(video, str):
        return None
    try:
        status = os.stat(video)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    stamp = (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
    return FileState(osp.realpath(video), osp.splitext(video)[1], stamp)


class FeatureCache:
    """Features of files, until a file changes or others need the memory.

    Those that were not used for longest go first. Threads may share a cache.
    It holds copies, so that nobody can change what it returns next.

    Args:
        cache_bytes (int): Maximum number of bytes of visual tokens; 0 keeps
            none.

    Raises:
        ValueError: If it is not an integer or negative.

    Example:
        >>> import torch
        >>> cache = FeatureCache(1000)
        >>> file = FileState('/a.mp4', '.mp4', (1, 2, 3))
        >>> tokens = torch.zeros(2, 1, 8)
        >>> cache.put(file, VideoFeatures('a.mp4', tokens, (), ''))
        >>> cache.get(file).video
        'a.mp4'
        >>> cache.get(file._replace(stamp=(1, 2, 4))) is None
        True
    """

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        check_integer('cache_bytes', cache_bytes, 0)
        self._limit = cache_bytes
        self._used = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[
            tuple[str, str], tuple[FileState, VideoFeatures]
        ] = OrderedDict()

    def __reduce__(self) -> tuple[type['FeatureCache'], tuple[int]]:
        """Let a copy, in another process too, begin empty."""
        return type(self), (self._limit,)

    def get(self, file: FileState | None) -> VideoFeatures | None:
        """Return the features of a file that has not changed.

        Args:
            file (FileState | None): State of the file now.

        Returns:
            VideoFeatures | None: None if they are not in the cache.
        """
        if file is None:
            return None
        with self._lock:
            state, features = self._kept.get(file[:2], (None, None))
            if features is None or state != file:
                return None
            self._kept.move_to_end(file[:2])
        return _copy(features)

    def put(self, file: FileState | None, features: VideoFeatures) -> None:
        """Remember the features of a file, and forget others if need be.

        Args:
            file (FileState | None): State of the file before it was read.
            features (VideoFeatures): Its features.
        """
        if file is None or features.tokens.nbytes > self._limit:
            return
        copy = _copy(features)
        with self._lock:
            _, former = self._kept.pop(file[:2], (None, None))
            self._kept[file[:2]] = file, copy
            self._used += copy.tokens.nbytes - _bytes(former)
            while self._used > self._limit:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._used -= oldest.tokens.nbytes


def _copy(features: VideoFeatures) -> VideoFeatures:
    """Copy features out of the batch that they were computed in."""
    return dataclasses.replace(features, tokens=features.tokens.clone())


def _bytes(features: VideoFeatures | None) -> int:
    return 0 if features is None else features.tokens.nbytes
