# Copyright (c) clipbert_mm contributors.
"""Damage of JPEG and TIFF images, which OpenCV conceals."""

from typing import Any

import av

from clipbert_mm.media.ffmpeg_log import logged_errors
from clipbert_mm.media.sniffing import JPEG_START

# First bytes, decoder of FFmpeg, its options, and what it says if the
# compressed pixels are damaged. Other messages are about tags, and about
# variants that it does not decode.
_JPEG_SIGNS = ('error y=', 'error count', 'overread', 'bad vlc')
_TIFF_SIGNS = ('Uncompressing failed', 'Decode from bitstream error')
_FORMATS: tuple[tuple[bytes, str, dict[str, str], tuple[str, ...]], ...] = (
    (JPEG_START, 'mjpeg', {'lowres': '3'}, _JPEG_SIGNS),
    (b'II*\x00', 'tiff', {}, _TIFF_SIGNS),
    (b'MM\x00*', 'tiff', {}, _TIFF_SIGNS),
)


def sign_of_image_damage(content: bytes) -> str:
    """Return why the pixels of an image are damaged.

    OpenCV fills what it cannot decode, and writes a line to the standard
    error of the process. FFmpeg decodes a JPEG here without its pixels.

    Args:
        content (bytes): Content of the file.

    Returns:
        str: What FFmpeg reports; empty if it reports no damage, or the image
        is neither JPEG nor TIFF.

    Example:
        >>> sign_of_image_damage(b'not an image')
        ''
    """
    for start, codec, options, signs in _FORMATS:
        if content.startswith(start):
            return _sign(content, codec, options, signs)
    return ''


def _sign(
    content: bytes, codec: str, options: dict[str, str], signs: tuple[str, ...]
) -> str:
    """Decode an image with FFmpeg, and return its first sign of damage."""
    decoder: Any = av.CodecContext.create(codec, 'r')
    decoder.thread_count = 1  # logs in this thread
    decoder.options = options
    with logged_errors() as log:
        try:
            decoder.decode(av.Packet(content))
            decoder.decode(None)
        except av.error.FFmpegError:
            pass  # a variant that FFmpeg does not know, or logged
        errors = log.errors()
    damage = (e for e in errors if any(sign in e.message for sign in signs))
    return next((f'FFmpeg reports "{error}"' for error in damage), '')
