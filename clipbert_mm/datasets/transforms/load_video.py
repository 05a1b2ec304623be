# Copyright (c) clipbert_mm contributors.
"""Open a video file, a GIF too, from a disk or a database."""

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any

import decord
from mmaction.datasets.transforms import DecordInit
from mmaction.registry import TRANSFORMS

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.readers.gif_reader import DECODING_ERRORS, GifReader
from clipbert_mm.media.reading import read_media

from .resize_long_side import long_side_shape

DECODERS = ('decord', 'pyav', 'torchcodec')
_OPTIONAL = {  # module, class, what to install
    'pyav': ('pyav_reader', 'PyAVReader', 'pip install av'),
    'torchcodec': (
        'torchcodec_reader',
        'TorchcodecReader',
        'pip install av torchcodec, and FFmpeg 4 to 8, for example '
        'apt-get install ffmpeg',
    ),
}


@TRANSFORMS.register_module()
class LoadVideo(DecordInit):
    """Open a video for ``DecordDecode``.

    For video files on a disk MMAction2's ``DecordInit`` does as well. It does
    not do for an LMDB whose keys are the stems of files: it looks for a name
    without a suffix under ``<name>.mp4``; a missing key becomes "Error
    reading 0 bytes"; and once it has read, it cannot be handed to spawned
    workers. Nor does it read GIFs, because decord does not, and MMAction2's
    ``PyAVInit`` does not tell when frames are shown.

    With every decoder a frame has the same number and ``DecordDecode`` reads
    it. GIFs are read by Pillow, whatever the decoder.

    Required Keys:

        - filename (str)

    Added Keys:

        - video_reader
        - total_frames (int)
        - avg_fps (float)

    Args:
        backend_args (dict, optional): Where MMEngine reads files from, e.g.
            ``dict(backend='lmdb', db_path='videos.lmdb')``, whose keys are
            the stems of the files. Defaults to None, the local disk.
        num_threads (int): Threads of the decoder; 0 lets FFmpeg choose.
            Defaults to 1: the workers of a data loader are side by side.
        decoder (str): ``'decord'``, ``'pyav'`` or ``'torchcodec'``, where
            installed. Defaults to ``'decord'``.
        decode_size (int, optional): Let the decoder scale the longer side to
            this, with the shape that :class:`ResizeLongSide` of this size
            gives. The pixels differ from those of resizing afterwards, and
            GIFs keep their size. decord learns the size of a video only by
            opening it, and opens it a second time then. Defaults to None, the
            size of the file.

    Raises:
        ValueError: If an option is none of the above.
        ImportError: If the decoder is not installed.
        MediaError: If there is no such key, the file is empty, a GIF is
            damaged, or PyAV or torchcodec cannot read it.
        OSError: If the file cannot be read.

    Example:
        >>> load = LoadVideo(dict(backend='lmdb', db_path='videos.lmdb'))
        >>> load(dict(filename='videos/video0.mp4'))['total_frames']
        250
    """

    def __init__(
        self,
        backend_args: dict | None = None,
        num_threads: int = 1,
        decoder: str = 'decord',
        decode_size: int | None = None,
    ) -> None:
        if decoder not in DECODERS:
            raise ValueError(
                f"Unknown decoder '{decoder}' of LoadVideo. "
                f'Valid ones are {list(DECODERS)}.'
            )
        if decode_size is not None and (
            not isinstance(decode_size, int) or decode_size < 1
        ):
            raise ValueError(
                'decode_size must be None or a whole number >= '
                f'1, but got {decode_size!r}.'
            )
        super().__init__(num_threads=num_threads)
        self.backend_args = backend_args
        self.decoder = decoder
        self.decode_size = decode_size
        if decoder in _OPTIONAL:
            _reader_class(decoder)  # fail early

    def _get_video_reader(self, filename: str) -> Any:
        content = read_media(filename, self.backend_args)
        if bytes(content[:4]) == b'GIF8':
            return _open_gif(content, filename)
        if self.decoder == 'decord':
            return self._open_decord(content)
        return _reader_class(self.decoder)(
            content, filename, self.num_threads, self.decode_size
        )

    def _open_decord(self, content: bytes) -> decord.VideoReader:
        reader = decord.VideoReader(
            io.BytesIO(content), num_threads=self.num_threads
        )
        if self.decode_size is None:
            return reader
        shape = tuple(reader[0].shape[:2])
        height, width = long_side_shape(shape[0], shape[1], self.decode_size)
        if (height, width) == shape:
            return reader
        return decord.VideoReader(
            io.BytesIO(content),
            width=width,
            height=height,
            num_threads=self.num_threads,
        )

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(backend_args={self.backend_args}, '
            f'num_threads={self.num_threads}, decoder={self.decoder!r}, '
            f'decode_size={self.decode_size})'
        )


def _open_gif(content: bytes, filename: str) -> GifReader:
    try:
        return GifReader(content)
    except DECODING_ERRORS as error:
        raise MediaError(
            filename, f'this GIF cannot be decoded: {error}'
        ) from error


def _reader_class(decoder: str) -> Callable[..., Any]:
    """The class of a decoder that is not among the requirements."""
    module, name, install = _OPTIONAL[decoder]
    try:
        return getattr(
            import_module(f'clipbert_mm.media.readers.{module}'), name
        )
    # torchcodec raises the last two where its libraries cannot be loaded.
    except (ImportError, OSError, RuntimeError) as error:
        raise ImportError(
            f'decoder={decoder!r} of LoadVideo cannot be imported: run '
            f'{install}; or take another of {list(DECODERS)}.'
        ) from error
