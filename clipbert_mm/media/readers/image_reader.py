# Copyright (c) clipbert_mm contributors.
"""Decode still images with OpenCV."""

import cv2
import mmcv
import numpy as np

from clipbert_mm.media.errors import MediaError


def decode_image(content: bytes, filename: str) -> np.ndarray:
    """Decode a still image; grey images get three equal channels.

    Args:
        content (bytes): Content of the file.
        filename (str): Name of the file, for errors.

    Returns:
        np.ndarray: Shape ``(H, W, 3)``, uint8, RGB.

    Raises:
        MediaError: If OpenCV cannot decode it.

    Example:
        >>> content = cv2.imencode('.png', np.zeros((4, 6), np.uint8))[1]
        >>> decode_image(content.tobytes(), 'a.png').shape
        (4, 6, 3)
    """
    try:
        image = mmcv.imfrombytes(content, channel_order='rgb')
    except cv2.error as error:
        raise MediaError(
            filename, f'OpenCV cannot decode it: {error}'
        ) from error
    if image is None:
        raise MediaError(filename, 'it is not an image that OpenCV can decode')
    return image
