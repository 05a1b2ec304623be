# Copyright (c) clipbert_mm contributors.
"""Decode still images with OpenCV, transparent ones with Pillow."""

import io

import cv2
import mmcv
import numpy as np
from PIL import ImageOps, UnidentifiedImageError

from clipbert_mm.media.background import Background, to_rgb
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.limits import IMAGE_LIMITS, MediaLimits

from .image_damage import sign_of_image_damage
from .pillow_files import PILLOW_ERRORS, open_with_pillow

_NO_IMAGE = 'it is not an image that OpenCV can decode'


def decode_image(
    content: bytes,
    filename: str,
    limits: MediaLimits = IMAGE_LIMITS,
    background: Background | None = None,
) -> np.ndarray:
    """Decode a still image; grey images get three equal channels.

    Args:
        content (bytes): Content of the file.
        filename (str): Name of the file, for errors.
        limits (MediaLimits): Limit of its pixels, which its header states.
        background (Background | None): Colour behind its transparent pixels;
            Pillow then decodes it. Defaults to None, what the file stores
            there.

    Returns:
        np.ndarray: Shape ``(H, W, 3)``, uint8, RGB.

    Raises:
        MediaError: If it is above the limit or damaged, or cannot be
            decoded.

    Example:
        >>> content = cv2.imencode('.png', np.zeros((4, 6), np.uint8))[1]
        >>> decode_image(content.tobytes(), 'a.png').shape
        (4, 6, 3)
    """
    try:
        width, height = open_with_pillow(io.BytesIO(content)).size
    except UnidentifiedImageError as error:
        raise MediaError(filename, _NO_IMAGE) from error
    limits.check_pixels(width, height, filename)
    if background is None:
        image = _decode_opaque(content, filename)
    else:
        image = _decode_on(background, content, filename)
    sign = sign_of_image_damage(content)
    if sign:
        raise MediaError(
            filename, f'it is damaged: {sign}; copy or download it again'
        )
    return image


def _decode_opaque(content: bytes, filename: str) -> np.ndarray:
    try:
        image = mmcv.imfrombytes(content, channel_order='rgb')
    except cv2.error as error:
        raise MediaError(
            filename, f'OpenCV cannot decode it: {error}'
        ) from error
    if image is None:
        raise MediaError(filename, _NO_IMAGE)
    return image


def _decode_on(
    background: Background, content: bytes, filename: str
) -> np.ndarray:
    try:
        image = ImageOps.exif_transpose(open_with_pillow(io.BytesIO(content)))
        return np.array(to_rgb(image, background))
    except PILLOW_ERRORS as error:
        raise MediaError(
            filename, f'Pillow cannot decode it: {error}'
        ) from error
