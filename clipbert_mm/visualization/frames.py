# Copyright (c) clipbert_mm contributors.
"""Read a few frames of a video to show."""

import os

import numpy as np

from clipbert_mm.media.files import is_image_name
from clipbert_mm.media.opening import open_video, read_image


def read_frames(
    video: str | os.PathLike[str], number: int
) -> list[np.ndarray]:
    """Decode frames from the middles of equal parts of a video.

    Args:
        video (str | os.PathLike[str]): Path of a video, a GIF or an image.
        number (int): Maximum number of frames; a shorter video gives all of
            its frames.

    Returns:
        list[np.ndarray]: Frames, ``(H, W, 3)``, uint8, RGB.

    Raises:
        MediaError: If the file is unreadable.
        OSError: If the file does not exist.

    Example:
        >>> len(read_frames('a.mp4', 3))  # doctest: +SKIP
        3
    """
    if is_image_name(os.fspath(video)):
        return [read_image(video)]
    with open_video(video) as reader:
        number = min(number, len(reader))
        inds = [int((i + 0.5) * len(reader) / number) for i in range(number)]
        return list(reader.get_batch(inds).asnumpy())
