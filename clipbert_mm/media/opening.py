# Copyright (c) clipbert_mm contributors.
"""Open videos and images: the only way in which pixels come in."""

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from clipbert_mm.utils.checks import check_choice

from .background import check_background
from .completeness import check_complete
from .limits import IMAGE_LIMITS, VIDEO_LIMITS, MediaLimits, read_limits
from .options import ON_DAMAGE, ReadOptions
from .readers.gif_reader import GifReader
from .readers.image_reader import decode_image
from .reading import open_media, read_media
from .scanning import check_undamaged
from .sniffing import HEAD_BYTES, check_image, check_video
from .video_reader import VideoReader

_READERS = {  # decoder: module, class, installation
    'pyav': ('pyav_reader', 'PyAVReader', 'pip install av'),
    'decord': ('decord_reader', 'DecordReader', 'pip install decord'),
    'torchcodec': (
        'torchcodec_reader',
        'TorchcodecReader',
        'pip install av torchcodec, with PyTorch for CPUs torchcodec==0.13.0, '
        'and FFmpeg 4 to 8, for example apt-get install ffmpeg',
    ),
}
DECODERS = tuple(_READERS)


def open_video(
    filename: str | os.PathLike[str],
    *,
    decoder: str = 'pyav',
    num_threads: int = 1,
    decode_size: int | None = None,
    on_damage: str = 'raise',
    limits: Mapping[str, Any] | MediaLimits | None = None,
    backend_args: dict | None = None,
    background: Sequence[int] | None = None,
) -> VideoReader:
    """Open a video or an animated GIF or WebP.

    The first bytes of a file decide what it is, and only videos reach the
    decoder: of a playlist it would open the files and addresses. Pillow reads
    GIFs and WebPs, whatever the decoder.

    Args:
        filename (str | os.PathLike[str]): Path of the file, or a name whose
            stem is the key of an LMDB.
        decoder (str): One of :data:`DECODERS`. Defaults to ``'pyav'``.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1.
        decode_size (int | None): Length of the longer side in pixels, to
            which the decoder scales. GIFs keep their size. Defaults to None,
            the size of the file.
        on_damage (str): ``'raise'`` refuses files of which FFmpeg reports
            damage, when they are opened or when the frames are read.
            ``'scan'`` decodes the whole file once in a process, and refuses
            it if FFmpeg reports anything. ``'use'`` takes the frames that
            FFmpeg conceals. Defaults to ``'raise'``.
        limits (Mapping[str, Any] | MediaLimits | None): Limits that differ
            from those of :class:`~clipbert_mm.media.limits.MediaLimits`.
            Defaults to None, none.
        backend_args (dict | None): Options of MMEngine's file backend,
            such as ``dict(backend='lmdb', db_path='videos.lmdb')``. Defaults
            to None, the local disk.
        background (Sequence[int] | None): Red, green and blue in [0, 255],
            shown where a GIF or WebP is transparent. Defaults to None, what
            the file stores there, often black.

    Returns:
        VideoReader: Reader of the frames.

    Raises:
        ValueError: If there is no such decoder or ``on_damage``, or
            ``background`` is no colour.
        ImportError: If the decoder is not installed.
        MediaError: If the file is empty, not a regular file, not a video,
            damaged or above a limit, or the LMDB has no such key.
        OSError: If the file cannot be read.

    Example:
        >>> with open_video('a.mp4') as reader:  # doctest: +SKIP
        ...     len(reader), reader.get_avg_fps()
        (250, 25.0)
    """
    filename = os.fspath(filename)
    check_choice('on_damage', on_damage, ON_DAMAGE)
    options = ReadOptions(
        num_threads,
        decode_size,
        on_damage,
        read_limits(limits, VIDEO_LIMITS),
        check_background('background', background),
    )
    load = reader_class(decoder)
    file = open_media(filename, backend_args, options.limits)
    try:
        kind = check_video(file.read(HEAD_BYTES), filename)
        check_complete(file, filename)
        if on_damage == 'scan':
            check_undamaged(file, filename, options.limits)
        if kind.role == 'animation':
            return GifReader(file, filename, options)
        return load(file, filename, options)
    except Exception:
        file.close()
        raise


def read_image(
    filename: str | os.PathLike[str],
    backend_args: dict | None = None,
    limits: Mapping[str, Any] | MediaLimits | None = None,
    background: Sequence[int] | None = None,
) -> np.ndarray:
    """Read a still image.

    Args:
        filename (str | os.PathLike[str]): Path of the file, or a name whose
            stem is the key of an LMDB.
        backend_args (dict | None): Options of MMEngine's file backend.
            Defaults to None, the local disk.
        limits (Mapping[str, Any] | MediaLimits | None): Limits that differ
            from :data:`~clipbert_mm.media.limits.IMAGE_LIMITS`. Defaults to
            None, none.
        background (Sequence[int] | None): Red, green and blue in [0, 255],
            shown where the image is transparent. Defaults to None, what the
            file stores there, often black.

    Returns:
        np.ndarray: Shape ``(H, W, 3)``, uint8, RGB.

    Raises:
        MediaError: If the file is empty, not an image, damaged or above a
            limit, or the LMDB has no such key.
        ValueError: If ``background`` is no colour.
        OSError: If the file cannot be read.

    Example:
        >>> read_image('a.jpg').shape  # doctest: +SKIP
        (480, 640, 3)
    """
    filename = os.fspath(filename)
    checked = read_limits(limits, IMAGE_LIMITS)
    content = read_media(filename, backend_args, checked)
    check_image(content[:HEAD_BYTES], filename)
    return decode_image(
        content, filename, checked, check_background('background', background)
    )


def reader_class(decoder: str) -> Callable[..., VideoReader]:
    """Import the reader of a decoder, whose library need not be installed.

    Args:
        decoder (str): One of :data:`DECODERS`.

    Returns:
        Callable: Class of the reader; takes the open file, its name and
        :class:`~clipbert_mm.media.options.ReadOptions`.

    Raises:
        ValueError: If there is no such decoder.
        ImportError: If the library is missing or cannot be loaded.
    """
    check_choice('decoder', decoder, DECODERS)
    module, name, install = _READERS[decoder]
    try:
        return getattr(import_module(f'{__package__}.readers.{module}'), name)
    # torchcodec raises the last two if its libraries cannot be loaded.
    except (ImportError, OSError, RuntimeError) as error:
        raise ImportError(
            f'decoder={decoder!r} cannot be imported: run {install}; or '
            f'choose another decoder of {list(DECODERS)}.'
        ) from error


def available_decoders() -> dict[str, str]:
    """Return which decoders can be imported here.

    Returns:
        dict[str, str]: For each of :data:`DECODERS` an empty string, or the
        reason why it cannot be imported.

    Example:
        >>> available_decoders()['decord']
        ''
    """
    found = {}
    for decoder in DECODERS:
        try:
            reader_class(decoder)
        except ImportError as error:
            found[decoder] = str(error)
        else:
            found[decoder] = ''
    return found
