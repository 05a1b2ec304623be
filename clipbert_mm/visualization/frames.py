# Copyright (c) clipbert_mm contributors.
"""Read a few frames of a video to show."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clipbert_mm.media.opening import open_video, read_image
from clipbert_mm.media.readers.array_reader import ArrayReader
from clipbert_mm.media.reading import is_image
from clipbert_mm.media.video_reader import VideoReader


def read_frames(
    video: str | os.PathLike[str],
    number: int,
    times: Sequence[float] | None = None,
) -> list[np.ndarray]:
    """Decode some frames of a video.

    A file is known by its content, not by its name.

    Args:
        video (str | os.PathLike[str]): Path of a video, a GIF or an image.
        number (int): Maximum number of frames, from the middles of equal
            parts; a shorter video gives all of its frames.
        times (Sequence[float] | None): Seconds of the wanted frames instead.
            Defaults to None.

    Returns:
        list[np.ndarray]: Frames, ``(H, W, 3)``, uint8, RGB.

    Raises:
        MediaError: If the file is unreadable.
        OSError: If the file does not exist.

    Example:
        >>> len(read_frames('a.mp4', 3))  # doctest: +SKIP
        3
    """
    if is_image(video):
        return [read_image(video)]
    with open_video(video) as reader:
        return _select(reader, number, times)


def frames_of_match(match: Mapping[str, Any], number: int) -> list[np.ndarray]:
    """Return frames from the best clips of a match, in their order.

    Args:
        match (Mapping[str, Any]): ``video``, and if there are any ``clips``
            and ``document``, as :meth:`ClipBERTInferencer.rank` returns them.
        number (int): Maximum number of frames.

    Returns:
        list[np.ndarray]: Frames from the middles of the clips, or of equal
        parts of the video if the match has no clips.

    Raises:
        MediaError: If the file is unreadable.
        OSError: If the file does not exist.

    Example:
        >>> frames_of_match(inferencer.rank(...)[0], 3)  # doctest: +SKIP
    """
    best = sorted(match.get('clips', ()), key=lambda clip: -clip[2])[:number]
    times = sorted((start + end) / 2 for start, end, _ in best) or None
    document: Any = match.get('document')
    if hasattr(document, 'array'):  # decoded frames
        return _select(
            ArrayReader(document.array(), document.fps), number, times
        )
    video = os.fspath(match['video'])
    if not os.path.exists(video):
        raise FileNotFoundError(
            f'There is no file {video!r} to draw frames of. For decoded '
            'frames, call rank() with return_documents=True.'
        )
    return read_frames(video, number, times)


def _select(
    reader: VideoReader, number: int, times: Sequence[float] | None
) -> list[np.ndarray]:
    if times is None:
        number = min(number, len(reader))
        inds = [int((i + 0.5) * len(reader) / number) for i in range(number)]
    else:
        starts = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0]
        after = np.searchsorted(starts, times, side='right')
        inds = np.maximum(after - 1, 0).tolist()
    return list(reader.get_batch(inds).asnumpy())
