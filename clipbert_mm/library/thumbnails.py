# Copyright (c) clipbert_mm contributors.
"""Small images of clips, which pages of results show."""

import io

import numpy as np
from PIL import Image

#: Longer side of a thumbnail, pixels.
SIZE = 160
_QUALITY = 80


def make_thumbnail(clip: np.ndarray, image_shape: tuple[int, int]) -> bytes:
    r"""Return the middle frame of a clip as a small JPEG.

    Args:
        clip (np.ndarray): uint8 ``(ch, T, H, W)``, RGB.
        image_shape (tuple[int, int]): Height and width without padding.

    Returns:
        bytes: JPEG of at most 160 x 160 pixels.

    Example:
        >>> frames = np.zeros((3, 2, 64, 64), np.uint8)
        >>> make_thumbnail(frames, (48, 64))[:2]
        b'\xff\xd8'
    """
    height, width = image_shape
    frame = clip[:, clip.shape[1] // 2, :height, :width]
    image = Image.fromarray(np.ascontiguousarray(frame.transpose(1, 2, 0)))
    image.thumbnail((SIZE, SIZE))
    target = io.BytesIO()
    image.save(target, 'JPEG', quality=_QUALITY)
    return target.getvalue()
